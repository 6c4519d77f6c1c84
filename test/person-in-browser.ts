import { NpmStart } from './npm-start';

type Stack = Pick<NpmStart, 'url' | 'demo'>;

/** What a person does in a browser: goes to an authorization request, signs in as alice, allows what is asked unless that is remembered. @returns the address of the application at which the browser ends */
export async function allowInBrowser(stack: Stack, address: string): Promise<string> {
  let cookie = '';
  const go = async (url: string, form?: Record<string, string>) => {
    const answer = await fetch(new URL(url, stack.url), { redirect: 'manual', headers: { cookie, ...(form && { origin: stack.url }) }, ...(form && { method: 'POST', body: new URLSearchParams(form) }) });
    cookie = answer.headers.getSetCookie()[0]?.split(';', 1)[0] ?? cookie;
    return { to: answer.headers.get('location') ?? '', form: Object.fromEntries([...(await answer.text()).matchAll(/<input [^>]*name="([^"]*)" value="([^"]*)"/g)].map(([, name, value]) => [name, value])) as Record<string, string> };
  };
  const login = (await go((await go(address)).to)).form, asked = await go((await go('/login', { ...login, username: 'alice', password: stack.demo('DEMO_ALICE_PASSWORD') })).to);
  return asked.to === '' ? (await go('/oauth/authorize/decision', { ...asked.form, decision: 'allow' })).to : asked.to;
}
