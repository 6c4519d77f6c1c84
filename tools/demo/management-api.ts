import { z } from 'zod';

const TIMEOUT_MS = 10_000;
const TokenAnswer = z.object({ access_token: z.string().min(1) });
const ErrorAnswer = z.object({ error: z.string(), error_description: z.string().optional() });

/** A service refused or failed; `status` is HTTP's. Says which call, never what was sent. */
export class CallFailed extends Error {
  override readonly name = 'CallFailed';
  constructor(readonly status: number, call: string, why: string) { super(`${call} answered ${String(status)}: ${why}`); }
}

async function call<T>(url: string, method: string, path: string, schema: z.ZodType<T>, init: Pick<RequestInit, 'headers' | 'body'>): Promise<T> {
  const response = await fetch(`${url}${path}`, { method, ...init, signal: AbortSignal.timeout(TIMEOUT_MS) });
  const text = await response.text();
  if (response.ok) return schema.parse(text === '' ? undefined : JSON.parse(text));
  throw new CallFailed(response.status, `${method} ${path}`, reasonOf(text));
}

function reasonOf(text: string): string {
  try {
    const answer = ErrorAnswer.safeParse(JSON.parse(text));
    if (answer.success) return answer.data.error_description ?? answer.data.error;
  } catch { /* not JSON: it is not of our services */ }
  return text.slice(0, 200);
}

/**
 * An access token of the given grant (RFC 6749 §4.3, §4.4).
 * @throws CallFailed - it was refused
 */
export async function obtainToken(url: string, parameters: Readonly<Record<string, string>>): Promise<string> {
  const { access_token } = await call(url, 'POST', '/oauth/token', TokenAnswer, {
    headers: { 'content-type': 'application/x-www-form-urlencoded' }, body: new URLSearchParams(parameters).toString(),
  });
  return access_token;
}

/** The management APIs as one caller sees them: JSON in, JSON out, parsed. */
export class ManagementApi {
  constructor(private readonly url: string, private readonly token: string) {}

  /** @throws CallFailed - it was refused @throws ZodError - the answer is of another form */
  get<T>(path: string, schema: z.ZodType<T>): Promise<T> { return this.call('GET', path, schema); }
  /** @throws as `get` */
  post<T>(path: string, body: object, schema: z.ZodType<T>): Promise<T> { return this.call('POST', path, schema, body); }
  /** @throws as `get` */
  async patch(path: string, body: object): Promise<void> { await this.call('PATCH', path, z.unknown(), body); }

  private call<T>(method: string, path: string, schema: z.ZodType<T>, body?: object): Promise<T> {
    const headers = { authorization: `Bearer ${this.token}`, ...(body && { 'content-type': 'application/json' }) };
    return call(this.url, method, path, schema, { headers, ...(body && { body: JSON.stringify(body) }) });
  }
}
