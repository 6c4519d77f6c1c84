import { NpmStart } from './npm-start';

type Stack = Pick<NpmStart, 'url' | 'demo'>;

interface Seen { readonly to: string; readonly text: string; readonly form: Record<string, string> }
/** A browser as far as the pages need one: one cookie, forms, no redirect followed by itself. */
function browserAt(stack: Stack): (url: string, form?: Record<string, string>) => Promise<Seen> {
  let cookie = '';
  return async (url, form) => {
    const answer = await fetch(new URL(url, stack.url), { redirect: 'manual', headers: { cookie, ...(form && { origin: stack.url }) }, ...(form && { method: 'POST', body: new URLSearchParams(form) }) }), text = await answer.text();
    cookie = answer.headers.getSetCookie()[0]?.split(';', 1)[0] ?? cookie;
    return { to: answer.headers.get('location') ?? '', text, form: Object.fromEntries([...text.matchAll(/<input [^>]*name="([^"]*)" value="([^"]*)"/g)].map(([, name, value]) => [name, value])) as Record<string, string> };
  };
}
const alice = (stack: Stack): Record<string, string> => ({ username: 'alice', password: stack.demo('DEMO_ALICE_PASSWORD') });

/** What a person does in a browser: goes to an authorization request, signs in as alice, allows what is asked unless that is remembered. @returns the address of the application at which the browser ends */
export async function allowInBrowser(stack: Stack, address: string): Promise<string> {
  const go = browserAt(stack), login = (await go((await go(address)).to)).form, asked = await go((await go('/login', { ...login, ...alice(stack) })).to);
  return asked.to === '' ? (await go('/oauth/authorize/decision', { ...asked.form, decision: 'allow' })).to : asked.to;
}

/** What a person does whose device shows a code and a link: opens the link, signs in as alice, compares the code, allows what is asked. @returns the text of the last page */
export async function connectDevice(stack: Stack, link: string): Promise<string> {
  const go = browserAt(stack), login = (await go((await go(link)).to)).form, code = await go((await go('/login', { ...login, ...alice(stack) })).to);
  const asked = await go('/device', { ...code.form, user_code: new URL(link).searchParams.get('user_code') ?? '' });
  return (await go('/device', { ...asked.form, decision: 'allow' })).text;
}
