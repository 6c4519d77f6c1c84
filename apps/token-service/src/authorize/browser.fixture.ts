import { Account, Answer, Application, Form, RequestOptions, send, TokenScene } from '../token-service.fixture';
import { createHash, randomBytes } from 'node:crypto';

/** Tests only: a verifier and its challenge. */
export function pkce(): { verifier: string; challenge: string } {
  const verifier = randomBytes(32).toString('base64url');
  return { verifier, challenge: createHash('sha256').update(verifier).digest('base64url') };
}

/** Tests only: the hidden fields and the ticked boxes of a page's first form, as a browser would send them back. */
export function formOn(page: Answer): Record<string, string> {
  const plain = (text: string): string => text.replaceAll('&#39;', '\'').replaceAll('&quot;', '"').replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&');
  const inputs = [...page.text.matchAll(/<input ([^>]*)>/g)].map(([, attributes = '']) => attributes);
  return Object.fromEntries(inputs.filter(one => one.includes('type="hidden"') || / checked\b/.test(one)).map(one => [/name="([^"]*)"/.exec(one)?.[1] ?? '', plain(/value="([^"]*)"/.exec(one)?.[1] ?? '')]));
}

/** Tests only: the query of where an answer sends the browser. */
export const sentTo = (answer: Answer): URL => new URL(answer.headers.location ?? 'nowhere:', 'http://here');
export const parametersOf = (answer: Answer): Record<string, string> => Object.fromEntries(sentTo(answer).searchParams);

/** Tests only: a browser as far as the pages need one: a cookie, forms, and the issuer as origin. Each request goes to the next instance. */
export class TestBrowser {
  cookie = '';
  private requests = 0;
  constructor(readonly scene: TokenScene, readonly issuer: string) {}

  async get(path: string, options: RequestOptions = {}): Promise<Answer> { return this.kept(await send(this.scene.url(path, this.requests++), { method: 'GET', ...options, headers: { ...this.headers(), ...options.headers } })); }
  async post(path: string, form: Form, headers: Record<string, string> = {}): Promise<Answer> {
    return this.kept(await this.scene.post(path, form, { headers: { ...this.headers(), origin: this.issuer, ...headers }, instance: this.requests++ }));
  }
  /** The authorization endpoint's answer. */
  authorize(application: Application, params: Record<string, string> = {}): Promise<Answer> {
    return this.get(`/oauth/authorize?${new URLSearchParams({ response_type: 'code', client_id: application.client_id, ...params }).toString()}`);
  }
  /** Logs in on the page that this answer leads to. */
  async logIn(to: Answer, account: Account, fields: Record<string, string> = {}): Promise<Answer> {
    return this.post('/login', { ...formOn(await this.get(pathOf(to))), username: account.username, password: account.password, ...fields });
  }
  /** Sends the consent page's form with a decision. */
  async decide(to: Answer, decision: string, change: (form: Record<string, string>) => Record<string, string> = form => form): Promise<Answer> {
    return this.post('/oauth/authorize/decision', { ...change(formOn(await this.get(pathOf(to)))), decision });
  }
  /** From the request to the answer: logs in and allows. */
  async allow(application: Application, account: Account, params: Record<string, string> = {}): Promise<Answer> {
    return this.decide(await this.logIn(await this.authorize(application, params), account), 'allow');
  }

  private headers(): Record<string, string> { return this.cookie === '' ? {} : { cookie: this.cookie }; }
  private kept(answer: Answer): Answer {
    const [set] = answer.headers['set-cookie'] ?? [];
    if (set !== undefined) {
      this.cookie = set.includes('Max-Age=0') ? '' : set.split(';', 1)[0] ?? '';
      const [, value = ''] = this.cookie.split('=');
      if (value !== '') this.scene.secrets.add(value);
    }
    return answer;
  }
}

const pathOf = (answer: Answer): string => { const { pathname, search } = sentTo(answer); return pathname + search; };
