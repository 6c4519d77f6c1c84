import { execFile, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { appendFileSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { busUsers } from '@strowger/contracts/bus-users';
import { serviceNames } from '@strowger/contracts/event-catalogue';
import { Bus } from '@strowger/messaging/bus';
import { JetStreamPublisher } from '@strowger/messaging/jetstream-publisher';
import { Database } from '@strowger/models/database';
import { readAssignments } from '../tools/demo/demo-values';
import { waitForScopes } from '../tools/demo/demo-tenant';
import { ManagementApi } from '../tools/demo/management-api';
import { builtFile } from '../tools/local-stack/repository-root';
import { serviceEnvironment, services } from '../tools/local-stack/service-environment';
import { Canaries, Hit, writings } from './canary-search';
import { eventually, startSystem, System } from './system';

/** Files of the data folder whose purpose is to hold secrets; nobody but their owner reads them. */
const SECRET_STORES = ['secrets.json', 'nats-server.conf'];
const FORM = 'application/x-www-form-urlencoded', JSON_TYPE = 'application/json';
const canaries = new Canaries(), hits: Hit[] = [], statuses = new Map<number, number>();
const outside = mkdtempSync(join(tmpdir(), 'strowger-canary-output-'));
let system: System, database: Database, front: string;

/** With characters that forms, URLs and base64 write differently, and none that a header could not carry. */
const secret = (): string => `canary+/=%-${randomBytes(18).toString('base64')}`;
const marked = (name: string): string => canaries.mark(name, secret());
const basic = (id: string, password: string): Record<string, string> => ({ authorization: `Basic ${Buffer.from(`${encodeURIComponent(id)}:${encodeURIComponent(password)}`).toString('base64')}` });

interface Asked { readonly method?: string; readonly headers?: Record<string, string>; readonly form?: Record<string, string> | string; readonly json?: object | string; readonly shows?: readonly string[] }
interface Answered { readonly status: number; readonly body: Record<string, unknown>; readonly value: (field: string) => string }
/** Asks, and looks for every marked secret in header and body of the answer. `shows`: fields of a good answer whose purpose is to show a secret; they are marked from now on. */
async function ask(path: string, { method, headers = {}, form, json, shows = [] }: Asked = {}, origin = front): Promise<Answered> {
  const body = form !== undefined ? (typeof form === 'string' ? form : new URLSearchParams(form).toString()) : json !== undefined ? (typeof json === 'string' ? json : JSON.stringify(json)) : undefined;
  const type = form !== undefined ? FORM : json !== undefined ? JSON_TYPE : undefined;
  const verb = method ?? (body === undefined ? 'GET' : 'POST');
  const answer = await fetch(`${origin}${path}`, { method: verb, redirect: 'manual', headers: { ...(type !== undefined && { 'content-type': type }), ...headers }, ...(body !== undefined && { body }), signal: AbortSignal.timeout(60_000) });
  statuses.set(answer.status, (statuses.get(answer.status) ?? 0) + 1);
  let text = await answer.text(), parsed: Record<string, unknown> = {};
  try { parsed = JSON.parse(text) as Record<string, unknown>; } catch { parsed = {}; }
  for (const field of answer.ok ? shows : []) {
    const shown = parsed[field];
    if (typeof shown !== 'string') continue;
    canaries.mark(`${field} of ${path}`, shown);
    text = text.replace(JSON.stringify(shown), '"shown"');
  }
  hits.push(...canaries.inText(`answer ${String(answer.status)} of ${verb} ${path.split('?')[0] ?? ''}`, `${JSON.stringify([...answer.headers])}\n${text}`));
  return { status: answer.status, body: parsed, value: field => { if (typeof parsed[field] !== 'string') throw new Error(`${verb} ${path} answered ${String(answer.status)} without ${field}`); return parsed[field]; } };
}
const TOKENS = ['access_token', 'refresh_token'];
const token = (form: Record<string, string>, headers: Record<string, string> = {}): Promise<Answered> => ask('/oauth/token', { form, headers, shows: TOKENS });

/** `npm run admin`; what it prints is looked through, what it writes is given. */
async function admin(...words: string[]): Promise<(name: string) => string> {
  const env = { ...serviceEnvironment('app-registry-service', system.stack), STROWGER_PARENT_PIPE: '0' };
  const output = join(outside, `${words.join('-')}.env`);
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [builtFile('apps/app-registry-service/src/admin/main.ts'), ...words, '--output', output], { env, timeout: 60_000 });
  const written = readAssignments(output) ?? new Map<string, string>();
  for (const [name, value] of written) if (/PASSWORD|SECRET/.test(name)) canaries.mark(`${name} of ${words[0] ?? ''}`, value);
  hits.push(...canaries.inText('output of npm run admin', stdout + stderr));
  return name => written.get(name) ?? '';
}

interface Client { readonly id: string; readonly secret: string }
interface Cast { readonly bearer: Record<string, string>; readonly machine: Client; readonly opaque: Client; readonly native: Client; readonly alice: { readonly id: string; readonly password: string }; readonly access: { readonly username: string; readonly password: string } }
const credentials = ({ id, secret: client_secret }: Client): Record<string, string> => ({ client_id: id, client_secret });

async function settle(): Promise<Cast> {
  const made = await admin('init', '--tenant', 'canary');
  const administrator = await token({ grant_type: 'client_credentials' }, basic(made('ADMIN_CLIENT_ID'), made('ADMIN_CLIENT_SECRET')));
  const bearer = { authorization: `Bearer ${administrator.value('access_token')}` };
  await waitForScopes(new ManagementApi(front, administrator.value('access_token')));
  expect((await ask('/api/tenant', { method: 'PATCH', headers: bearer, json: { password_grant: true, api_application: true } })).status).toBe(200);
  const register = async (name: string, type: string, rest: object = {}): Promise<Client> => {
    const answer = await ask('/api/applications', { headers: bearer, json: { name, type, scope: 'rest strowger', ...rest }, shows: ['client_secret'] });
    return { id: answer.value('client_id'), secret: answer.value('client_secret') };
  };
  const machine = await register('machine', 'machine_to_machine'), opaque = await register('opaque', 'machine_to_machine', { token_format: 'opaque' }), native = await register('native', 'native', { password_grant: true });
  const password = marked('password of alice');
  const alice = await ask('/api/accounts', { headers: bearer, json: { kind: 'user', username: 'alice', password } });
  expect((await ask('/api/accounts', { headers: bearer, json: { kind: 'user', username: 'bob', generate_password: true }, shows: ['password'] })).status).toBe(201);
  const access = { username: 'access@example.com', password: marked('password of an API access') };
  expect((await ask('/api/accounts', { headers: bearer, json: { kind: 'api_access', email: access.username, password: access.password, impersonation: true } })).status).toBe(201);
  return { bearer, machine, opaque, native, alice: { id: alice.value('id'), password }, access };
}

/** Everything that goes well: tokens of each grant and kind, their use, rotation, revocation, and secrets and passwords that change. */
async function goodDay({ bearer, machine, opaque, native, alice, access }: Cast): Promise<void> {
  const jwt = await token({ grant_type: 'client_credentials', ...credentials(machine) }), other = await token({ grant_type: 'client_credentials' }, basic(opaque.id, opaque.secret));
  const person = await eventually('alice\'s token', async () => {
    const answer = await token({ grant_type: 'password', ...credentials(native), username: 'alice', password: alice.password });
    return answer.status === 200 && answer;
  });
  expect((await ask('/token', { form: { grant_type: 'password', client_id: 'api', username: 'alice', password: alice.password }, shows: TOKENS })).status).toBe(200);
  const actor = { authorization: `Bearer ${(await token({ grant_type: 'password', ...credentials(native), ...access })).value('access_token')}` };
  expect((await ask('/token-exchange', { headers: actor, json: { email: 'alice' }, shows: TOKENS })).status).toBe(200);
  for (const json of [{ email: marked('password typed as a name to act for') }, { email: { $ne: marked('secret in an object') } }, { password: marked('secret in a field that is not there') }, `{"email":"${marked('secret in bad JSON')}" oops`]) expect((await ask('/token-exchange', { headers: actor, json })).status).toBe(400);
  const rotated = await token({ grant_type: 'refresh_token', ...credentials(native), refresh_token: person.value('refresh_token') });
  for (const held of [jwt, other, person, rotated]) {
    const text = held.value('access_token');
    expect((await ask('/oauth/introspect', { form: { token: text, ...credentials(machine) } })).status).toBe(200);
    expect((await ask('/oauth/resource', { headers: { authorization: `Bearer ${text}` } })).status).toBe(200);
    await ask('/api/applications', { headers: { authorization: `Bearer ${text}` } });
  }
  await eventually('the grace to be over and reuse to be found', async () => (await token({ grant_type: 'refresh_token', ...credentials(native), refresh_token: person.value('refresh_token') })).status === 400);
  await ask('/oauth/revoke', { form: { token: jwt.value('access_token'), ...credentials(machine) } });
  await ask('/oauth/tokens', { headers: bearer });
  const fresh = await ask(`/api/applications/${machine.id}/secrets`, { headers: bearer, json: { overlap_seconds: 60 }, shows: ['client_secret'] });
  expect([fresh.status, fresh.value('client_secret').length > 20]).toEqual([201, true]);
  expect((await ask(`/api/applications/${opaque.id}/regenerate-credentials`, { method: 'POST', headers: bearer, shows: ['client_secret'] })).status).toBeLessThan(300);
  expect((await ask(`/api/accounts/${alice.id}`, { method: 'PATCH', headers: bearer, json: { password: marked('next password of alice') } })).status).toBe(200);
  for (const path of ['/api/applications', `/api/applications/${machine.id}`, '/api/accounts', `/api/accounts/${alice.id}`, '/api/tenant', '/api/urls', '/.well-known/jwks.json', '/.well-known/oauth-authorization-server']) {
    expect([path, (await ask(path, { headers: bearer })).status]).toEqual([path, 200]);
  }
}

/** Everything that people and strangers do with secrets where these do not belong. */
async function badDay({ bearer, machine, native, alice }: Cast): Promise<void> {
  const wrong = marked('wrong secret'), typed = marked('wrong password'), query = encodeURIComponent(marked('secret in a query'));
  for (const path of ['/oauth/token', '/oauth/introspect', '/oauth/revoke']) {
    for (const headers of [basic(machine.id, wrong), basic(wrong, wrong), { authorization: `Basic ${wrong}` }, { authorization: `Bearer ${wrong}` }]) await ask(path, { headers, form: { grant_type: 'client_credentials', token: wrong } });
    await ask(path, { form: { grant_type: 'client_credentials', client_id: machine.id, client_secret: wrong, token: wrong } });
    await ask(path, { headers: basic(machine.id, machine.secret), form: { grant_type: 'client_credentials', ...credentials(machine), token: wrong } });
    await ask(`${path}?client_secret=${query}&token=${query}`, { form: { grant_type: 'client_credentials', ...credentials(machine) } });
    await ask(path, { json: { grant_type: 'client_credentials', ...credentials(machine) } });
    await ask(path, { form: `client_secret=${query}&client_secret=${query}&client_id=${machine.id}&password[$ne]=${query}` });
    await ask(path, { form: `client_id=${machine.id}&client_secret=${'x'.repeat(70_000)}${query}` });
    await ask(path, { form: `client_id=${machine.id}&client_secret=%ff${query}%zz` });
    await ask(`${path}?${query}`, { method: 'GET' });
  }
  for (let guess = 0; guess < 12; guess++) await token({ grant_type: 'password', ...credentials(native), username: 'alice', password: typed });
  const misplaced = marked('password typed as a username');
  for (const client of [credentials(native), { client_id: 'api' }]) await token({ grant_type: 'password', ...client, username: misplaced, password: typed });
  for (const refresh_token of [marked('made-up refresh token'), `${'a'.repeat(60)}${marked('longer made-up refresh token')}`]) await token({ grant_type: 'refresh_token', ...credentials(native), refresh_token });
  await token({ grant_type: marked('secret as a grant type'), ...credentials(machine), [marked('secret as a name')]: 'x' });
  const field = marked('secret in a wrong field');
  for (const json of [{ kind: field }, { kind: 'user', username: 'carol', password: field.repeat(40) }, { kind: 'user', username: field, password: field }, { kind: 'user', username: 'carol', password: { $gt: field } }, `{"kind":"user","password":"${query}" oops`, `[[["${query}"]]]`]) {
    expect((await ask('/api/accounts', { headers: bearer, json })).status).toBe(400);
  }
  await ask(`/api/accounts/${alice.id}`, { method: 'PATCH', headers: bearer, json: { password: marked('refused next password'), current_password: marked('wrong current password') } });
  for (const json of [{ name: 'x', type: field, scope: 'rest' }, { name: 'x', type: 'native', scope: 'rest', client_secret: field, secretHash: field }, { name: 'x', type: 'native', scope: 'rest', access_level: field, password_grant: field }]) {
    expect((await ask('/api/applications', { headers: bearer, json })).status).toBe(400);
  }
  const strange = { authorization: `Bearer ${marked('made-up token')}`, cookie: `session=${query}`, referer: `https://app.example/?code=${query}`, 'x-api-key': query };
  for (const path of ['/api/accounts', '/api/audit/events', '/api/scopes', '/oauth/resource', '/user/', '/api/nothing', '/oauth/impersonations', '/token-exchange', `/api/applications?access_token=${query}`, `/api/audit/events?client_id[$ne]=${query}`]) {
    await ask(path, { headers: strange });
    await ask(path, { headers: strange, form: { access_token: wrong } });
  }
}

/** The same requests while the database is gone, and while the bus is: what fails is logged, and drivers say more than they should. */
async function outages({ bearer, machine, native, alice }: Cast): Promise<void> {
  const { databaseFront, nats } = system.servers;
  databaseFront.kill('SIGKILL');
  await eventually('its end', () => Promise.resolve(databaseFront.pid() === undefined));
  const password = marked('password given while the database was gone');
  const during = await Promise.all([
    token({ grant_type: 'client_credentials', ...credentials(machine) }), token({ grant_type: 'password', ...credentials(native), username: 'alice', password: alice.password }),
    token({ grant_type: 'refresh_token', ...credentials(native), refresh_token: marked('refresh token while the database was gone') }), ask('/oauth/introspect', { form: { token: marked('token while the database was gone'), ...credentials(machine) } }),
    ask('/api/accounts', { headers: bearer, json: { kind: 'user', username: 'dave', password } }), ask(`/api/applications/${machine.id}/secrets`, { headers: bearer, json: {}, shows: ['client_secret'] }),
  ]);
  expect(during.map(({ status }) => status)).toContain(503);
  await databaseFront.start();
  nats.kill('SIGKILL');
  await eventually('its end', () => Promise.resolve(nats.pid() === undefined));
  await eventually('a token without the bus', async () => (await token({ grant_type: 'client_credentials', ...credentials(machine) })).status === 200, 30);
  await nats.start();
}

/** What the services say of themselves, and the trail, whole. */
async function readings({ bearer }: Cast): Promise<number> {
  for (const service of services) for (const path of ['/metrics', '/health/live', '/health/ready']) await ask(path, {}, system.url(service));
  await eventually('the trail to have caught up', async () => await database.collection('outbox').countDocuments({ absent: { $exists: false } }) === 0, 60);
  let events = 0;
  for (let cursor: string | null = ''; cursor !== null;) {
    const { status, body }: Answered = await ask(`/api/audit/events?limit=200${cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`}`, { headers: bearer });
    expect(status).toBe(200);
    events += (body['items'] as unknown[]).length;
    cursor = body['next_cursor'] as string | null;
  }
  await ask('/api/audit/status', { headers: bearer });
  return events;
}

beforeAll(async () => {
  canaries.watchArguments();
  system = await startSystem('canary');
  front = system.url('portal-service');
  const { servers: { busPassword, secrets, mongodbUri } } = system;
  for (const { name } of busUsers()) canaries.mark(`bus password of ${name}`, busPassword(name));
  for (const name of serviceNames) canaries.mark(`service secret of ${name}`, secrets.serviceSecret(name));
  for (const key of secrets.keys.split(',')) canaries.mark('STROWGER_KEYS', key.slice(key.indexOf(':') + 1));
  database = new Database({ MONGODB_URI: mongodbUri });
  await Promise.all([database.connected(), ...services.map(service => system.start(service, { env: { LOG_LEVEL: 'trace', REFRESH_GRACE_SECONDS: '1' } }))]);
});
afterAll(async () => {
  canaries.stopWatching();
  await database.close();
  await system.stop();
  rmSync(outside, { recursive: true, force: true });
});

/** Every place, looked through: what the answers showed on the way, and what lies there now. */
async function found(): Promise<Record<'answers' | 'arguments' | 'database' | 'files', Hit[]>> {
  return { answers: hits, arguments: canaries.inArguments(), database: await canaries.inDatabase(database), files: await canaries.inFiles(system.servers.dataDir, SECRET_STORES) };
}

test('S85: of marked secrets through the whole system none is found in logs, database, the bus\'s files, answers or process arguments', async () => {
  const { dataDir } = system.servers;
  const cast = await settle();
  await goodDay(cast);
  await badDay(cast);
  await outages(cast);
  const events = await eventually('the trail', () => readings(cast));
  expect(events).toBeGreaterThan(20);
  console.info(`${String(canaries.size)} marked secrets, answers by status ${JSON.stringify(Object.fromEntries([...statuses].sort()))}, ${String(canaries.processesSeen)} command lines`);
  // The run went where it was meant to go, and there is something to look through.
  expect([...statuses.keys()]).toEqual(expect.arrayContaining([200, 201, 400, 401, 404, 405, 413, 429, 503]));
  expect(canaries.size).toBeGreaterThan(40);
  for (const file of ['logs/token-service.log', 'logs/app-registry-service.log', 'logs/nats-server.log']) expect(statSync(join(dataDir, file)).size).toBeGreaterThan(0);
  expect(readdirSync(join(dataDir, 'nats/store'), { recursive: true }).length).toBeGreaterThan(5);
  expect(await found()).toEqual({ answers: [], arguments: [], database: [], files: [] });
});

test('S85: a secret that does stand in one of these places is found there, however it is written', async () => {
  expect(hits).toEqual([]);
  const { dataDir, natsUrl, busPassword } = system.servers;
  const planted = { log: marked('planted in a log'), database: marked('planted in a document'), bus: marked('planted in a message'), answer: canaries.mark('planted in an answer', `canary${randomBytes(12).toString('hex')}`), argument: marked('planted in an argument') };
  appendFileSync(join(dataDir, 'logs/token-service.log'), `{"msg":"a header: Basic ${Buffer.from(`some-id:${planted.log}`).toString('base64')}"}\n`);
  await database.collection('planted').insertOne({ batch: Buffer.from(JSON.stringify([{ data: JSON.stringify({ reason: planted.database }) }])) });
  const bus = new Bus({ NATS_URL: natsUrl, NATS_USER: 'token-service', NATS_PASSWORD: busPassword('token-service') }, { info: () => undefined, warn: () => undefined, error: () => undefined });
  await bus.connection();
  await new JetStreamPublisher(bus).publish('strowger.events.token.rejected', Buffer.from(`[{"data":"${Buffer.from(planted.bus).toString('hex')}"}]`));
  await bus.close();
  await token({ grant_type: 'client_credentials', client_id: 'api', scope: planted.answer });
  await ask('/api/nothing-else', { headers: { 'x-request-id': planted.answer } });
  const child = spawn(process.execPath, ['-e', 'setTimeout(() => undefined, 60_000)', encodeURIComponent(planted.argument)], { stdio: 'ignore' });
  await once(child, 'spawn');
  await eventually('its command line', () => { canaries.lookAtArguments(); return Promise.resolve(canaries.inArguments().length > 0); });
  child.kill('SIGKILL');

  const { answers, arguments: lines, database: documents, files } = await found();
  const named = (where: readonly Hit[], canary: string): string[] => where.filter(hit => hit.canary === canary).map(({ place }) => place);
  expect(named(files, 'planted in a log')).toEqual(['logs/token-service.log']);
  expect(named(documents, 'planted in a document')).toEqual(['collection planted']);
  expect(named(files, 'planted in a message')).toEqual(expect.arrayContaining([expect.stringMatching(/^nats\/store\/.*\.blk$/)]));
  expect(named(answers, 'planted in an answer')).toContain('answer 404 of GET /api/nothing-else');
  expect(named(lines, 'planted in an argument')).toEqual(['process arguments']);
});

test('S85: a secret is recognised as it is, in JSON, JSON in JSON, a form, a URL, hex, and anywhere in base64', () => {
  const one = new Canaries(), text = one.mark('it', 'pass wörd "+/=%& of a person');
  const ways = [text, JSON.stringify({ text }), JSON.stringify(JSON.stringify({ text })), new URLSearchParams({ text }).toString(), encodeURIComponent(text), Buffer.from(text).toString('hex'), Buffer.from(text).toString('hex').toUpperCase()];
  for (const before of ['', 'a', 'ab', 'abc', 'abcd']) for (const after of ['', 'z', 'zz']) for (const encoding of ['base64', 'base64url'] as const) ways.push(Buffer.from(`${before}${text}${after}`).toString(encoding));
  for (const way of ways) expect(one.inText('here', way)).toEqual([{ canary: 'it', place: 'here' }]);
  expect(one.inText('here', Buffer.from(JSON.stringify({ text: `${text.slice(0, -3)}xyz` })))).toEqual([]);
  expect(writings('a'.repeat(20)).every(written => written.length >= 20)).toBe(true);
  expect(() => one.mark('short', 'password')).toThrow('too short');
});
