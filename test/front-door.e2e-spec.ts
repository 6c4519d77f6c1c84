import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../tools/local-stack/free-port';
import { NpmStart, npmStart } from './npm-start';
import { allowInBrowser, connectDevice } from './person-in-browser';
import { eventually } from './system';

const dataDir = mkdtempSync(join(tmpdir(), 'strowger-front-door-'));
let stack: NpmStart;
let port: number;

/** A request exactly as said: no client tidies its path or sets its Host. */
function raw(path: string, { method = 'GET', headers = {}, body }: { readonly method?: string; readonly headers?: Record<string, string>; readonly body?: string } = {}) {
  return new Promise<{ status: number; text: string; headers: Record<string, unknown> }>((resolve, reject) => {
    const asked = request({ host: '127.0.0.1', port, path, method, headers, agent: false }, answer => {
      let text = '';
      answer.setEncoding('utf8').on('data', (part: string) => { text += part; }).on('end', () => { resolve({ status: answer.statusCode ?? 0, text, headers: answer.headers }); });
    });
    asked.setTimeout(60_000, () => { asked.destroy(new Error(`${method} ${path} was not answered`)); }).on('error', reject).end(body);
  });
}
const form = (parameters: Record<string, string>, headers: Record<string, string> = {}) =>
  ({ method: 'POST', body: new URLSearchParams(parameters).toString(), headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers } });
const json = (text: string) => JSON.parse(text) as Record<string, unknown>;
async function token(parameters: Record<string, string>, headers: Record<string, string> = {}): Promise<string> {
  return String(json((await raw('/oauth/token', form(parameters, headers))).text)['access_token']);
}
const administrators = (scope: string) => token({ grant_type: 'client_credentials', client_id: stack.demo('DEMO_ADMIN_CLIENT_ID'), client_secret: stack.demo('DEMO_ADMIN_CLIENT_SECRET'), scope });
const basic = (id: string, secret: string) => `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`;

beforeAll(async () => {
  port = await freePort();
  stack = await npmStart(dataDir, port);
});
afterAll(async () => {
  try { await stack.end(); } finally { rmSync(dataDir, { recursive: true, force: true }); }
});

test.each([
  '/health', '/token/../metrics', '/oauth/../metrics', '/oauth/%2e%2e/metrics', '/oauth/..%2fmetrics', '/.well-known/../health/ready',
  '/api/audit/../../metrics', '/api/scopes/%2e%2e/%2e%2e/metrics', '//metrics', '/METRICS', '/token-service/metrics', '/oauth//../metrics', '/oauth\\..\\metrics', '/api/health/ready',
])('the front door does not route %s', async path => {
  const { status, text } = await raw(path);
  expect(status).toBeGreaterThanOrEqual(400);
  expect(status).toBeLessThan(500);
  expect(text).not.toMatch(/process_cpu|"ready"|"live"|"status":"ok"|# HELP/);
});

test('health and metrics on the front door\'s port are its own and no service\'s behind it', async () => {
  expect(json((await raw('/health/ready')).text)).toEqual({ status: 'ready' });
  const { text } = await raw('/metrics');
  expect(text).toContain('process_cpu');
  expect(text).not.toMatch(/strowger_(?!requests_)/);
});

describe('S68: another way to write a request is no way around its guard', () => {
  const guarded = ['/api/applications', '/api/accounts', '/api/tenant', '/api/audit/events', '/api/scopes'];
  const disguises: readonly ((path: string) => string)[] = [
    path => path, path => `${path}/`, path => `/${path}`, path => path.toUpperCase(), path => path.replace('a', '%61'), path => path.replace('/api', '/%61pi'), path => path.replace('/api', '/./api'),
    path => path.replace('/api', '/oauth/../api'), path => path.replace('/api', '/oauth/%2e%2e/api'), path => `${path};x=/oauth/token`, path => `${path}%00`, path => `${path}%2f`,
    path => path.replace('/api/', '/api%2f'), path => `${path}?access_token=x`, path => `http://localhost${path}`,
  ];

  test('without a token nothing is answered, however the path is written', async () => {
    for (const path of guarded) {
      for (const method of ['GET', 'HEAD', 'POST', 'PATCH', 'DELETE', 'PUT', 'OPTIONS']) {
        for (const disguise of disguises) {
          const { status, text } = await raw(disguise(path), { method });
          expect([method, disguise(path), status >= 400 && status < 500]).toEqual([method, disguise(path), true]);
          expect(text).not.toContain('"items"');
        }
      }
    }
  });

  test('a method or a path named in a header changes nothing: what only reads stays a read', async () => {
    const bob = await token({ grant_type: 'password', client_id: 'api', username: 'bob', password: stack.demo('DEMO_BOB_PASSWORD') });
    const admin = await administrators('strowger');
    const client = stack.demo('DEMO_M2M_CLIENT_ID'), authorization = `Bearer ${admin}`;
    for (const name of ['X-HTTP-Method-Override', 'X-HTTP-Method', 'X-Method-Override']) {
      expect((await raw(`/api/applications/${client}`, { headers: { authorization, [name]: 'DELETE' } })).status).toBe(200);
    }
    for (const name of ['X-Original-URL', 'X-Rewrite-URL', 'X-Forwarded-Uri', 'X-Original-Path']) {
      const { status, text } = await raw('/api/scopes/tree', { headers: { authorization: `Bearer ${bob}`, [name]: '/api/audit/events' } });
      expect([status, text.includes('token.issued')]).toEqual([200, false]);
      expect((await raw('/api/audit/events', { headers: { authorization: `Bearer ${bob}`, [name]: '/api/scopes/tree' } })).status).toBe(403);
    }
    expect(json((await raw(`/api/applications/${client}`, { headers: { authorization } })).text)['status']).toBe('active');
  });
});

test('S69: Host, Forwarded and X-Forwarded-* change neither the issuer, nor a link, nor the address in the trail', async () => {
  const spoofed = {
    host: 'evil.example', forwarded: 'for=203.0.113.9;host=evil.example;proto=https', 'x-forwarded-host': 'evil.example', 'x-forwarded-proto': 'https', 'x-forwarded-port': '443',
    'x-forwarded-for': '203.0.113.9', 'x-forwarded-prefix': '/evil', 'x-real-ip': '203.0.113.9', 'x-original-host': 'evil.example',
  };
  expect((await raw('/.well-known/oauth-authorization-server', { headers: spoofed })).text).toBe((await raw('/.well-known/oauth-authorization-server')).text);
  const text = await token({ grant_type: 'client_credentials', client_id: stack.demo('DEMO_ADMIN_CLIENT_ID'), client_secret: stack.demo('DEMO_ADMIN_CLIENT_SECRET') }, spoofed);
  const claims = json(Buffer.from(text.split('.')[1] ?? '', 'base64url').toString());
  expect(claims).toMatchObject({ iss: stack.url, aud: `${stack.url}/api` });
  const authorization = `Bearer ${text}`;
  for (const path of ['/api/urls', '/api/applications', '/']) {
    const answer = await raw(path, { headers: { ...spoofed, authorization } });
    expect([path, answer.status]).toEqual([path, 200]);
    expect(answer.text).not.toContain('evil');
  }
  const refused = await raw('/api/applications', { headers: spoofed });
  expect([refused.status, JSON.stringify(refused.headers).includes('evil')]).toEqual([401, false]);
  const issued = await eventually('the token\'s event', async () => {
    const answer = await raw(`/api/audit/events/${String(claims['jti'])}`, { headers: { authorization } });
    return answer.status === 200 && json(answer.text);
  });
  expect(issued['data']).toMatchObject({ ip: '127.0.0.1' });
});

describe('S70: the metadata says exactly what works', () => {
  const metadata = async () => json((await raw('/.well-known/oauth-authorization-server')).text) as Record<string, unknown> & { grant_types_supported: string[] };
  const native = () => ({ client_id: stack.demo('DEMO_NATIVE_CLIENT_ID'), client_secret: stack.demo('DEMO_NATIVE_CLIENT_SECRET') });
  const m2m = () => ({ client_id: stack.demo('DEMO_M2M_CLIENT_ID'), client_secret: stack.demo('DEMO_M2M_CLIENT_SECRET') });
  const asAlice = () => ({ grant_type: 'password', ...native(), username: 'alice', password: stack.demo('DEMO_ALICE_PASSWORD') });
  const path = (url: unknown): string => String(url).slice(stack.url.length);

  const apps = { code: ['DEMO_WEB_CLIENT_ID', 'DEMO_WEB_REDIRECT_URI'], token: ['DEMO_BROWSER_CLIENT_ID', 'DEMO_BROWSER_REDIRECT_URI'] } as const;
  const VERIFIER = 'v'.repeat(43), S256 = { code_challenge: createHash('sha256').update(VERIFIER).digest('base64url'), code_challenge_method: 'S256' };
  /** Where a person's yes leads: the parameters that the application finds in the query, or in the fragment where a token was asked for. */
  const authorized = async (response_type: 'code' | 'token', more: Record<string, string> = S256): Promise<URLSearchParams> => {
    const [clientId, redirectUri] = apps[response_type], ask = new URLSearchParams({ response_type, client_id: stack.demo(clientId), redirect_uri: stack.demo(redirectUri), state: 's', ...more });
    const ended = new URL(await allowInBrowser(stack, `${path((await metadata())['authorization_endpoint'])}?${ask.toString()}`));
    expect(ended.href.startsWith(stack.demo(redirectUri))).toBe(true);
    return response_type === 'token' ? new URLSearchParams(ended.hash.slice(1)) : ended.searchParams;
  };
  const byCode = async (more: Record<string, string> = { code_verifier: VERIFIER }): Promise<Record<string, string>> => ({
    client_id: stack.demo('DEMO_WEB_CLIENT_ID'), client_secret: stack.demo('DEMO_WEB_CLIENT_SECRET'), redirect_uri: stack.demo('DEMO_WEB_REDIRECT_URI'), code: (await authorized('code')).get('code') ?? '', ...more,
  });

  const DEVICE_CODE = 'urn:ietf:params:oauth:grant-type:device_code';
  /** A device's code after a person's yes. */
  const byDevice = async (): Promise<Record<string, string>> => {
    const begun = json((await raw(path((await metadata())['device_authorization_endpoint']), form({ ...native(), scope: 'rest:calllog:read' }))).text);
    expect(String(begun['verification_uri_complete']).startsWith(`${stack.url}/device?`)).toBe(true);
    expect(await connectDevice(stack, String(begun['verification_uri_complete']))).toContain('Your device is connected');
    return { ...native(), device_code: String(begun['device_code']) };
  };

  test('its issuer is the front door\'s URL, and each URL in it is below that and there', async () => {
    const document = await metadata();
    expect(document['issuer']).toBe(stack.url);
    const urls = Object.entries(document).filter(([name]) => /_(endpoint|uri)$/.test(name));
    for (const [name, url] of urls) expect([name, String(url).startsWith(`${stack.url}/`)]).toEqual([name, true]);
    const text = await token({ grant_type: 'client_credentials', ...m2m() });
    const active = async () => json((await raw(path(document['introspection_endpoint']), form({ ...m2m(), token: text }))).text)['active'];
    // What each is for, in an order in which all of it can be shown: an endpoint without a line here is advertised and proven by nothing.
    const proofs: Record<string, () => Promise<unknown>> = {
      authorization_endpoint: async () => (await authorized('code')).has('code'),
      token_endpoint: async () => (await raw(path(document['token_endpoint']), form({ grant_type: 'client_credentials', ...m2m() }))).status === 200,
      device_authorization_endpoint: async () => (await byDevice())['device_code'] !== '',
      jwks_uri: async () => (await raw(path(document['jwks_uri']))).status === 200,
      introspection_endpoint: active,
      revocation_endpoint: async () => (await raw(path(document['revocation_endpoint']), form({ ...m2m(), token: text }))).status === 200 && !(await active()),
    };
    expect(urls.map(([name]) => name).filter(name => !(name in proofs))).toEqual([]);
    for (const [name, proof] of Object.entries(proofs).filter(([key]) => key in document)) expect([name, await proof()]).toEqual([name, true]);
    const { keys } = json((await raw(path(document['jwks_uri']))).text) as { keys: Record<string, unknown>[] };
    const [header = ''] = (await token({ grant_type: 'client_credentials', ...m2m() })).split('.');
    expect(keys.map(({ kid }) => kid)).toContain(json(Buffer.from(header, 'base64url').toString())['kid']);
    for (const key of keys) expect(key).not.toHaveProperty('d');
  });

  test('each grant type in it gives a token, and every other one is refused as unsupported', async () => {
    const { grant_types_supported } = await metadata();
    const calls: Record<string, () => Promise<Record<string, string>>> = {
      authorization_code: () => byCode(),
      client_credentials: () => Promise.resolve({ ...m2m() }),
      password: () => Promise.resolve(asAlice()),
      [DEVICE_CODE]: byDevice,
      refresh_token: async () => ({ ...native(), refresh_token: String(json((await raw('/oauth/token', form(asAlice()))).text)['refresh_token']) }),
      'urn:ietf:params:oauth:grant-type:token-exchange': async () => ({
        ...native(), subject_token: 'alice', subject_token_type: 'urn:strowger:params:oauth:token-type:username', actor_token_type: 'urn:ietf:params:oauth:token-type:access_token',
        actor_token: await token({ ...asAlice(), username: 'access@example.com', password: stack.demo('DEMO_ACCESS_PASSWORD') }),
      }),
    };
    for (const grant_type of grant_types_supported.filter(type => type !== 'implicit')) {
      const parameters = await calls[grant_type]?.();
      expect([grant_type, (await raw('/oauth/token', form({ ...parameters, grant_type }))).status]).toEqual([grant_type, 200]);
    }
    const others = ['authorization_code', 'implicit', DEVICE_CODE, 'urn:ietf:params:oauth:grant-type:token-exchange', 'urn:ietf:params:oauth:grant-type:jwt-bearer'];
    for (const grant_type of others.filter(type => !grant_types_supported.includes(type))) {
      const answer = await raw('/oauth/token', form({ grant_type, ...native(), code: 'x' }));
      expect([grant_type, answer.status, json(answer.text)['error']]).toEqual([grant_type, 400, 'unsupported_grant_type']);
    }
  });

  test('each response type, mode and challenge method in it works as it says, and the answer names the issuer', async () => {
    const document = await metadata(), [code, token_] = await Promise.all([authorized('code'), authorized('token', {})]);
    expect([document['response_types_supported'], document['response_modes_supported'], document['code_challenge_methods_supported'], document['authorization_response_iss_parameter_supported']]).toEqual([['code', 'token'], ['query', 'fragment'], ['S256'], true]);
    for (const answer of [code, token_]) expect([answer.get('iss'), answer.get('state')]).toEqual([document['issuer'], 's']);
    expect([code.get('access_token'), token_.get('code'), token_.get('refresh_token')]).toEqual([null, null, null]);
    expect((await raw('/oauth/resource', { headers: { authorization: `Bearer ${token_.get('access_token') ?? ''}` } })).status).toBe(200);
    expect((await raw('/oauth/token', form({ grant_type: 'authorization_code', ...await byCode({}) }))).status).toBe(400);
  });

  test('each way to authenticate a client in it works, and a way that is not in it does not', async () => {
    const document = await metadata();
    const { client_id, client_secret } = m2m(), text = await token({ grant_type: 'client_credentials', ...m2m() });
    const ways: Record<string, (parameters: Record<string, string>) => ReturnType<typeof form>> = {
      client_secret_basic: parameters => form(parameters, { authorization: basic(client_id, client_secret) }),
      client_secret_post: parameters => form({ ...parameters, client_id, client_secret }),
      none: () => form({ grant_type: 'password', client_id: 'api', username: 'alice', password: stack.demo('DEMO_ALICE_PASSWORD') }),
    };
    for (const way of document['token_endpoint_auth_methods_supported'] as string[]) {
      expect([way, (await raw('/oauth/token', ways[way]?.({ grant_type: 'client_credentials' }))).status]).toEqual([way, 200]);
    }
    for (const way of document['introspection_endpoint_auth_methods_supported'] as string[]) {
      expect([way, json((await raw('/oauth/introspect', ways[way]?.({ token: text }))).text)['active']]).toEqual([way, true]);
    }
    expect((await raw('/oauth/introspect', form({ token: text }))).status).toBe(401);
    const publicClient: Record<string, string> = { client_id: 'api', token: 'x' };
    for (const way of (document['revocation_endpoint_auth_methods_supported'] ?? []) as string[]) {
      expect([way, (await raw('/oauth/revoke', way === 'none' ? form(publicClient) : ways[way]?.({ token: 'x' }))).status]).toEqual([way, 200]);
    }
    const assertion = { client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer', client_assertion: 'a.b.c' };
    expect((await raw('/oauth/token', form({ grant_type: 'client_credentials', client_id, ...assertion }))).status).toBe(401);
  });

  test('what it does not name is not there', async () => {
    const document = await metadata();
    const others = [['authorization_endpoint', '/oauth/authorize'], ['revocation_endpoint', '/oauth/revoke'], ['device_authorization_endpoint', '/oauth/device_authorization'], ['registration_endpoint', '/oauth/register']] as const;
    for (const [, at] of others.filter(([name]) => !(name in document))) {
      for (const method of ['GET', 'POST']) expect([at, (await raw(at, { method })).status]).toEqual([at, 404]);
    }
  });
});
