import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Database } from '@strowger/models/database';
import { SIGNING_KEYS, SigningKeyDocument } from '@strowger/models/signing-keys/signing-keys.store';
import { freePort } from '../../tools/local-stack/free-port';
import { builtFile } from '../../tools/local-stack/repository-root';
import { installPackages } from '../install-packages';
import { NpmStart, npmStart } from '../npm-start';
import { allowInBrowser } from '../person-in-browser';
import { ClientProcess, chromiumOrFail } from './client-process';

const SCOPE = 'rest:calllog:read', dataDir = mkdtempSync(join(tmpdir(), 'strowger-clients-'));
interface Client { readonly id: string; readonly secret?: string }
/** A token answer, as each library names its fields. */
type Token = Record<string, unknown> & { access_token: string; refresh_token: string };

let stack: NpmStart, administrator: string, web: Client, redirectUri: string, webPort: number;
const running: ClientProcess[] = [];
const client = (name: string, settings: object): ClientProcess => {
  const one = new ClientProcess(name, settings);
  running.push(one);
  return one;
};
const machine = (): Client => ({ id: stack.demo('DEMO_M2M_CLIENT_ID'), secret: stack.demo('DEMO_M2M_CLIENT_SECRET') });
const alice = () => ({ username: 'alice', password: stack.demo('DEMO_ALICE_PASSWORD') });
const settings = () => ({
  issuer: stack.url, scope: SCOPE, machine: machine(), web, redirect_uri: redirectUri, ...alice(), native: { id: stack.demo('DEMO_NATIVE_CLIENT_ID'), secret: stack.demo('DEMO_NATIVE_CLIENT_SECRET') },
});
const person = (address: string): Promise<string> => allowInBrowser(stack, address.slice(stack.url.length));

async function post(path: string, body: Record<string, string>, { id, secret = '' }: Client): Promise<Record<string, unknown>> {
  const answer = await fetch(`${stack.url}${path}`, { method: 'POST', headers: { authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}` }, body: new URLSearchParams(body) });
  return await answer.json() as Record<string, unknown>;
}
const admin = (): Client => ({ id: stack.demo('DEMO_ADMIN_CLIENT_ID'), secret: stack.demo('DEMO_ADMIN_CLIENT_SECRET') });
const active = async (token: unknown): Promise<unknown> => (await post('/oauth/introspect', { token: String(token) }, admin()))['active'];
const issued = async (scope = SCOPE): Promise<string> => String((await post('/oauth/token', { grant_type: 'client_credentials', scope }, machine()))['access_token']);
async function register(name: string, type: string, redirect: string): Promise<Client> {
  const answer = await fetch(`${stack.url}/api/applications`, {
    method: 'POST', headers: { authorization: `Bearer ${administrator}`, 'content-type': 'application/json' }, body: JSON.stringify({ name, type, scope: 'rest gql', redirect_uris: [redirect] }),
  });
  const { client_id, client_secret } = await answer.json() as { client_id: string; client_secret?: string };
  expect([name, answer.status]).toEqual([name, 201]);
  return { id: client_id, ...(client_secret !== undefined && { secret: client_secret }) };
}

beforeAll(async () => {
  const port = await freePort();
  webPort = await freePort();
  [stack] = await Promise.all([npmStart(dataDir, port), installPackages(__dirname)]);
  administrator = String((await post('/oauth/token', { grant_type: 'client_credentials', scope: 'strowger' }, admin()))['access_token']);
  redirectUri = `http://127.0.0.1:${String(webPort)}/callback`;
  web = await register('a web server application', 'web_server', redirectUri);
}, 300_000);
afterAll(async () => {
  await Promise.all(running.map(one => one.end()));
  try { await stack.end(); } finally { rmSync(dataDir, { recursive: true, force: true }); }
});

/** What a refresh must be: other tokens for the same scope. */
const renews = (before: Token, after: Token): void => {
  expect(after.access_token).not.toBe(before.access_token);
  expect(after.refresh_token).not.toBe(before.refresh_token);
};

test('simple-oauth2: client credentials, password, authorization code, refresh, revocation', async () => {
  const result = await client('simple-oauth2', settings()).result(person) as Record<'machine' | 'password' | 'code' | 'refreshed', Token> & Record<string, unknown>;
  for (const token of [result.machine, result.password, result.code, result.refreshed]) expect(token).toMatchObject({ access_token: expect.any(String) as unknown, token_type: 'Bearer', expires_in: 3600, scope: SCOPE });
  expect(result).toMatchObject({ state: 'a state', expired: false, refusal: 'invalid_client' });
  renews(result.code, result.refreshed);
  expect([await active(result.machine.access_token), await active(result.password.access_token)]).toEqual([true, true]);
  for (const token of [result.code.access_token, result.refreshed.access_token]) expect(await active(token)).toBe(false);
});

test('@badgateway/oauth2-client: the same, found by the metadata, with PKCE and introspection', async () => {
  const result = await client('badgateway-oauth2-client', settings()).result(person) as Record<string, Record<string, unknown>>;
  for (const name of ['machine', 'password', 'code', 'refreshed']) expect([name, result[name]]).toEqual([name, expect.objectContaining({ accessToken: expect.any(String) as unknown })]);
  expect(result['refreshed']?.['refreshToken']).not.toBe(result['code']?.['refreshToken']);
  expect(result['live']).toMatchObject({ active: true, scope: SCOPE, username: 'alice', client_id: web.id });
  expect(result['revoked']).toEqual({ active: false });
  expect(result['refusal']).toBe('invalid_client');
});

test('passport-oauth2: a web server application with state and PKCE in its session', async () => {
  const url = await client('passport-oauth2', { ...settings(), port: webPort }).url();
  const begun = await fetch(`${url}/login`, { redirect: 'manual' }), cookie = begun.headers.getSetCookie()[0]?.split(';', 1)[0] ?? '';
  const ended = await person(begun.headers.get('location') ?? '');
  expect(ended.startsWith(`${redirectUri}?`)).toBe(true);
  const user = await (await fetch(ended, { headers: { cookie } })).json() as { accessToken: string; refreshToken: string; parameters: Record<string, unknown> };
  expect(user).toMatchObject({ refreshToken: expect.any(String) as unknown, parameters: { token_type: 'Bearer', scope: SCOPE } });
  expect(await active(user.accessToken)).toBe(true);
  expect((await fetch(ended, { headers: { cookie } })).status).toBeGreaterThanOrEqual(400);
});

test('oidc-client-ts in Chromium: PKCE from a page of another origin, which may read its tokens; a page of an origin that is not the application\'s may not', async () => {
  const port = await freePort(), origin = `http://127.0.0.1:${String(port)}`, { id: client_id } = await register('a single-page application', 'browser', `${origin}/`);
  const result = await client('oidc-client-ts', { ...settings(), client_id, port, executable: chromiumOrFail() }).result() as Record<'signedIn' | 'renewed', Token> & Record<string, unknown>;
  expect(result['title']).toBe('signed in');
  expect(String(result['address']).startsWith(`${origin}/?`)).toBe(true);
  for (const token of [result.signedIn, result.renewed]) expect(token).toMatchObject({ token_type: 'Bearer', scope: SCOPE, expired: false });
  renews(result.signedIn, result.renewed);
  expect(await active(result.renewed.access_token)).toBe(false);
  const readable = { metadata: { status: 200, body: expect.objectContaining({ issuer: stack.url }) as unknown }, keys: { status: 200, body: expect.objectContaining({ keys: expect.any(Array) as unknown }) as unknown } };
  expect(result['own']).toEqual({ ...readable, token: { status: 400, body: expect.objectContaining({ error: 'invalid_grant' }) as unknown } });
  expect(result['foreign']).toEqual({ ...readable, token: 'TypeError' });
});

describe('resource servers that verify offline', () => {
  let url: string, token: string;
  const get = async (server: string, bearer?: string) => {
    const answer = await fetch(`${url}/${server}`, bearer === undefined ? {} : { headers: { authorization: `Bearer ${bearer}` } });
    return { status: answer.status, body: await answer.json() as Record<string, unknown> };
  };
  beforeAll(async () => {
    url = await client('resource-servers', settings()).url();
    token = await issued();
  });

  test.each(['express-oauth2-jwt-bearer', 'jwks-rsa'])('%s believes a token of ours and nothing else', async server => {
    expect(await get(server, token)).toMatchObject({ status: 200, body: { iss: stack.url, aud: `${stack.url}/api`, scope: SCOPE, client_id: machine().id } });
    const [header = '', claims = '', signature = ''] = token.split('.');
    const widened = Buffer.from(Buffer.from(claims, 'base64url').toString().replace(SCOPE, 'rest')).toString('base64url');
    for (const forged of [undefined, `${header}.${widened}.${signature}`, `${Buffer.from('{"alg":"none","typ":"at+jwt"}').toString('base64url')}.${claims}.`]) expect((await get(server, forged)).status).toBe(401);
  });
  test('express-oauth2-jwt-bearer refuses a token without the scope', async () => {
    expect(await get('express-oauth2-jwt-bearer', await issued('rest:callforward:read'))).toMatchObject({ status: 403, body: { error: 'insufficient_scope' } });
  });
  test('S73: both go on through a rotation of the keys, and believe what either key signed', async () => {
    const uri = /^MONGODB_URI='([^']+)'$/m.exec(readFileSync(join(dataDir, 'admin.env'), 'utf8'))?.[1] ?? '', database = new Database({ MONGODB_URI: uri });
    try {
      await database.connected();
      // As if hours had passed: both servers have fetched the keys since the next one was published.
      await database.collection<SigningKeyDocument>(SIGNING_KEYS).updateOne({ status: 'next' }, { $set: { published_at: new Date(Date.now() - 86_400_000) } });
    } finally { await database.close(); }
    const { stderr } = await promisify(execFile)(process.execPath, [builtFile('tools/admin/main.ts'), 'keys', 'rotate', '--data', dataDir], { env: { PATH: process.env['PATH'] } });
    expect(stderr).toMatch(/^tokens are signed with /);
    const fresh = await issued(), kidOf = (text: string): unknown => (JSON.parse(Buffer.from(text.split('.')[0] ?? '', 'base64url').toString()) as Record<string, unknown>)['kid'];
    expect(kidOf(fresh)).not.toBe(kidOf(token));
    for (const server of ['express-oauth2-jwt-bearer', 'jwks-rsa']) for (const one of [token, fresh]) expect((await get(server, one)).status).toBe(200);
  });
});

test('curl: a token, what it is, and its end', async () => {
  // What is secret goes to curl's standard input, not onto its command line.
  const curl = (path: string, data: Record<string, string>): Promise<Record<string, unknown>> => new Promise((resolve, reject) => {
    const { id, secret = '' } = machine();
    const child = execFile('curl', ['--silent', '--show-error', '--fail', '--config', '-', `${stack.url}${path}`], (error, stdout) => { if (error instanceof Error) reject(error); else resolve(stdout === '' ? {} : JSON.parse(stdout) as Record<string, unknown>); });
    child.stdin?.end([`user = "${id}:${secret}"`, ...Object.entries(data).map(([name, value]) => `data-urlencode = "${name}=${value}"`)].join('\n'));
  });
  const token = String((await curl('/oauth/token', { grant_type: 'client_credentials', scope: SCOPE }))['access_token']);
  expect(await curl('/oauth/introspect', { token })).toMatchObject({ active: true, scope: SCOPE });
  await curl('/oauth/revoke', { token });
  expect(await curl('/oauth/introspect', { token })).toEqual({ active: false });
});
