import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { Guard } from '@strowger/auth/guard';
import { OfflineTokenIntrospector } from '@strowger/auth/offline-token-introspector';
import { provisionStream } from '@strowger/messaging/provision-stream';
import { TenantDocument, TENANTS } from '@strowger/models/tenants/tenants.schema';
import { Account, Answer, Application, send, textOf, TokenScene } from '../apps/token-service/src/token-service.fixture';
import { freePort } from '../tools/local-stack/free-port';
import { Supervisor } from '../tools/local-stack/supervisor';
import { seedScopes } from './seeded-tenant';
import { StallingProxy } from './stalling-proxy';
import { eventually, turned } from './system';

const HARD_MS = 5000, SERVICE = 'pbx-api-service';
const frameworks = ['express', 'fastify', 'nest'] as const;

let scene: TokenScene, registry: string, admin: Account, control: Application, guards: Guard[];
const supervisor = new Supervisor({ log: () => undefined }), examples = new Map<string, string>();

/** The environment of a service that protects itself. The stream is younger than a minute here: clocks are said not to differ. */
const guardEnvironment = () => ({
  TOKEN_SERVICE_URL: scene.url(''), STROWGER_SERVICE_ID: SERVICE, STROWGER_SERVICE_SECRET: scene.system.servers.secrets.serviceSecret(SERVICE), STROWGER_ISSUER: `http://localhost:${String(scene.system.stack.ports['portal-service'])}`,
  NATS_URL: scene.system.servers.natsUrl, NATS_USER: SERVICE, NATS_PASSWORD: scene.system.servers.busPassword(SERVICE), CLOCK_SKEW_SECONDS: '0',
});
const makeGuard = (): Guard => Guard.start({ ...guardEnvironment(), CLOCK_SKEW_SECONDS: 0, ACCESS_TOKEN_TTL_MAX_SECONDS: 86_400 }, { info: () => undefined, warn: () => undefined, error: () => undefined });
const allCurrent = (): Promise<unknown> => eventually('every guard to be current', () => Promise.resolve(guards.every(guard => guard.isCurrent)));
const asked = (): number => guards.reduce((sum, { introspector }) => sum + (introspector instanceof OfflineTokenIntrospector ? introspector.counters.asked : NaN), 0);
/** What every guard says of a token. */
const verdicts = (token: string): Promise<string[]> => Promise.all(guards.map(async ({ introspector }) =>
  introspector.introspect(token, 'test').then(caller => (caller ? 'active' : 'refused'), () => 'nobody can say')));
/** How many milliseconds from now the last request was made that a guard let pass. However late this busy machine answers, that is what counts. */
async function refusedAfter(token: string): Promise<number> {
  const from = performance.now();
  let last = 0;
  await eventually('every guard to refuse', async () => {
    const asked = performance.now() - from, now = await verdicts(token);
    if (now.includes('active')) last = asked;
    return now.every(verdict => verdict === 'refused');
  });
  return last;
}

async function startExample(framework: string): Promise<void> {
  const port = await freePort(), url = `http://127.0.0.1:${String(port)}`;
  const { PATH = '', ...environment } = process.env;
  await supervisor.run({
    name: framework, command: process.execPath, args: ['--no-warnings', 'test/run-typescript.cjs', `examples/${framework}/main.ts`, String(port)], env: { PATH, ...(environment['HOME'] !== undefined && { HOME: environment['HOME'] }), ...guardEnvironment() },
    logFile: join(scene.system.stack.logsDirectory, `${framework}.log`), whenParentIsGone: 'TERM', stopSignal: 'SIGKILL', stopSeconds: 5, readySeconds: 60, ready: () => fetch(url),
  });
  examples.set(framework, url);
}

beforeAll(async () => {
  scene = await TokenScene.start('protected_services', { trail: false });
  await seedScopes(scene.database, ['strowger:applications:read', 'strowger:applications:write', 'strowger:accounts:read', 'strowger:accounts:write', 'strowger:tenant:read', 'strowger:tenant:write']);
  guards = [makeGuard(), makeGuard()];
  ([{ url: registry }] = await Promise.all([scene.system.start('app-registry-service', { env: { TOKEN_SERVICE_URL: scene.url('') } }), ...frameworks.map(startExample)]));
  admin = await scene.account({ role: 'administrator' });
  await scene.database.collection<TenantDocument>(TENANTS).updateOne({ _id: scene.tenant.id }, { $set: { administrators: [admin._id] } });
  control = await scene.application(admin, { scope: 'strowger', access_level: 'all', name: 'control' });
  await allCurrent();
});
afterAll(async () => {
  await Promise.all(guards.map(guard => guard.close()));
  await supervisor.stopAll();
  await scene.stop();
});

async function manage(method: string, path: string, body?: object): Promise<Answer> {
  const token = await eventually('a token for the administrator', async () => { const answer = await scene.credentials(control); return answer.status === 200 && textOf(answer, 'access_token'); });
  const answer = await send(`${registry}${path}`, { method, headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' }, ...(body && { body: JSON.stringify(body) }) });
  if (answer.status >= 300) throw new Error(`${method} ${path}: ${String(answer.status)} ${answer.text}`);
  return answer;
}

interface Session { readonly account: Account; readonly phone: Application; readonly access: string; readonly refresh: string }
async function session(fields: Partial<Application> = {}, account?: Account): Promise<Session> {
  const person = account ?? await scene.account(), phone = await scene.native(person, fields), login = await scene.login(phone, person);
  return { account: person, phone, access: textOf(login, 'access_token'), refresh: textOf(login, 'refresh_token') };
}
const revoke = ({ phone }: Session, token: string, instance = 0): Promise<Answer> => scene.post('/oauth/revoke', { token, client_id: phone.client_id, client_secret: phone.secret }, { instance });

describe.each(frameworks)('a service in %s, with three lines', framework => {
  const call = (method: string, token?: string, query = ''): Promise<Answer> => send(`${examples.get(framework) ?? ''}/callforward/101${query}`, { method, ...(token !== undefined && { headers: { authorization: `Bearer ${token}` } }) });
  it('S71: answers who has no token, a bad one, one in the query, and one that is too small', async () => {
    const small = await session({ scope: 'rest:calllog rest:callforward:read' });
    const nobody = await call('GET');
    expect([nobody.status, nobody.headers['www-authenticate']]).toEqual([401, 'Bearer realm="strowger"']);
    const bad = await call('GET', 'nonsense');
    expect([bad.status, bad.json['error'], bad.headers['www-authenticate']]).toEqual([401, 'invalid_token', 'Bearer realm="strowger", error="invalid_token", error_description="the access token is not active"']);
    expect((await call('GET', undefined, `?access_token=${small.access}`)).status).toBe(400);
    const short = await call('PUT', small.access);
    expect([short.status, short.json, short.headers['cache-control']]).toEqual([403, { error: 'insufficient_scope', error_description: 'the token lacks the scope rest:callforward:write', status: 'access_denied', scope: 'rest:callforward:write' }, 'no-store']);
    const good = await call('GET', small.access);
    expect([good.status, good.json, good.headers['cache-control']]).toEqual([200, { extension: '101', asked_by: small.account._id }, 'no-store']);
  });
  it('S77 S78: names access, level and kind of account where these forbid it', async () => {
    const reader = await session({ access_level: 'all' }, await scene.account({ access: 'read_only' })), caller = await session(), owner = await scene.account();
    const access = await session({ access_level: 'all' }, await scene.account({ kind: 'api_access', owner: owner._id, impersonation: false })), whole = await session({ access_level: 'all' });
    expect([await call('PUT', reader.access), await call('PUT', caller.access), await call('GET', access.access), await call('PUT', whole.access)].map(({ status, json }) => [status, json['status']])).toEqual([
      [403, 'user_access_type_deny'], [403, 'app_access_type_deny'], [403, 'access_denied'], [204, undefined],
    ]);
    expect([await call('GET', reader.access), await call('GET', caller.access)].map(({ status }) => status)).toEqual([200, 200]);
  });
  it('S74: refuses a revoked token within five seconds', async () => {
    const one = await session();
    expect((await call('GET', one.access)).status).toBe(200);
    await revoke(one, one.access);
    expect((await turned('the refusal', async () => (await call('GET', one.access)).status === 401)).lastOtherwise).toBeLessThan(HARD_MS);
  });
});

describe('S74: two guards, the bus up', () => {
  const lowered: [string, (one: Session) => Promise<unknown>][] = [
    ['a token that is revoked', one => revoke(one, one.access)], ['a refresh token that is revoked', one => revoke(one, one.refresh)],
    ['an application that is disabled', one => manage('POST', `/api/applications/${one.phone.client_id}/disable`)], ['an application that is deleted', one => manage('DELETE', `/api/applications/${one.phone.client_id}`)],
    ['an application whose scope is narrowed', one => manage('PATCH', `/api/applications/${one.phone.client_id}`, { scope: 'rest:calllog' })], ['an application that is signed out', one => manage('POST', `/api/applications/${one.phone.client_id}/sign-out`)],
    ['new credentials', one => manage('POST', `/api/applications/${one.phone.client_id}/regenerate-credentials`)],
    ['an account that is blocked', one => manage('PATCH', `/api/accounts/${one.account._id}`, { status: 'blocked' })], ['an account that becomes read_only', one => manage('PATCH', `/api/accounts/${one.account._id}`, { access: 'read_only' })],
    ['a new password', one => manage('PATCH', `/api/accounts/${one.account._id}`, { password: 'a new pass phrase 17' })], ['an account that is signed out', one => manage('POST', `/api/accounts/${one.account._id}/sign-out`)],
    ['an account that is deleted', one => manage('DELETE', `/api/accounts/${one.account._id}`)],
  ];
  it.each(lowered)('%s is refused by both, who ask nobody; others\' tokens are not', async (_what, lower) => {
    const [one, other] = [await session(), await session()];
    const before = asked();
    expect([await verdicts(one.access), await verdicts(other.access)].flat()).toEqual(Array(4).fill('active'));
    await lower(one);
    expect(await refusedAfter(one.access)).toBeLessThan(HARD_MS);
    expect(await verdicts(other.access)).toEqual(['active', 'active']);
    expect(asked()).toBe(before);
  });
  it('what the owner of an API access loses, the API access loses', async () => {
    const owner = await scene.account(), one = await session({}, await scene.account({ kind: 'api_access', owner: owner._id, impersonation: true })), before = asked();
    expect(await verdicts(one.access)).toEqual(['active', 'active']);
    await manage('PATCH', `/api/accounts/${owner._id}`, { status: 'blocked' });
    expect(await refusedAfter(one.access)).toBeLessThan(HARD_MS);
    expect(asked()).toBe(before);
  });
  it('an opaque token is asked about once by each, and refused like a JWT', async () => {
    const one = await session({ token_format: 'opaque' }), before = asked();
    for (let i = 0; i < 5; i++) expect(await verdicts(one.access)).toEqual(['active', 'active']);
    expect(asked()).toBe(before + 2);
    await revoke(one, one.access);
    expect(await refusedAfter(one.access)).toBeLessThan(HARD_MS);
    expect(asked()).toBe(before + 2);
  });
  it('a tenant that is signed out: all at once', async () => {
    const many = await Promise.all([session(), session()]);
    for (const { access } of many) expect(await verdicts(access)).toEqual(['active', 'active']);
    await manage('POST', '/api/tenant/sign-out');
    expect(Math.max(...await Promise.all(many.map(({ access }) => refusedAfter(access))))).toBeLessThan(HARD_MS);
  });
});

describe('S74: two guards, and something has died', () => {
  it('kill -9 of the instance that revoked, between its write and its publishing', async () => {
    const bus = new URL(scene.system.servers.natsUrl), proxy = await StallingProxy.to(bus.hostname, Number(bus.port));
    try {
      const doomed = await scene.startInstance('token-service-doomed', { NATS_URL: `nats://127.0.0.1:${String(proxy.port)}` }), index = scene.instances.indexOf(doomed);
      const one = await session();
      expect(await verdicts(one.access)).toEqual(['active', 'active']);
      proxy.stall();
      expect((await revoke(one, one.access, index)).status).toBe(200);
      doomed.process.kill('SIGKILL');
      expect(await refusedAfter(one.access)).toBeLessThan(HARD_MS);
      await doomed.process.stop();
      scene.instances.splice(index, 1);
    } finally { proxy.stop(); }
  });
  it('the bus is frozen: what is revoked meanwhile is refused within five seconds, the rest goes on by introspection; then the feed comes back', async () => {
    const [one, other] = [await session(), await session()];
    await allCurrent();
    expect([await verdicts(one.access), await verdicts(other.access)].flat()).toEqual(Array(4).fill('active'));
    scene.system.servers.nats.kill('SIGSTOP');
    try {
      expect((await revoke(one, one.access)).status).toBe(200);
      expect(await refusedAfter(one.access)).toBeLessThan(HARD_MS);
      expect(await verdicts(other.access)).toEqual(['active', 'active']);
    } finally { scene.system.servers.nats.kill('SIGCONT'); }
    await allCurrent();
    const before = asked();
    expect([await verdicts(one.access), await verdicts(other.access)].flat()).toEqual(['refused', 'refused', 'active', 'active']);
    expect(asked()).toBe(before);
  });
  it('the bus has lost everything: tokens from before are asked about, new ones are not', async () => {
    const one = await session(), { servers } = scene.system;
    await servers.nats.stop();
    rmSync(join(servers.dataDir, 'nats', 'store'), { recursive: true, force: true });
    await servers.nats.start();
    await provisionStream({ url: servers.natsUrl, user: 'provisioner', password: servers.busPassword('provisioner') });
    const areAsking = async (): Promise<boolean> => { const before = asked(); return (await verdicts(one.access)).every(verdict => verdict === 'active') && asked() === before + 2; };
    await eventually('guards that ask about a token from before', areAsking);
    await allCurrent();
    const young = await eventually('a token that is younger than the stream', async () => {
      const { access } = await session(), before = asked();
      return (await verdicts(access)).every(verdict => verdict === 'active') && asked() === before;
    });
    expect([young, await areAsking()]).toEqual([true, true]);
  });
  it('token-service is away: JWTs are judged for five seconds more, then nobody can say, and it is 503', async () => {
    const one = await session(), url = examples.get('fastify') ?? '';
    expect(await verdicts(one.access)).toEqual(['active', 'active']);
    for (const { process } of scene.instances) process.kill('SIGKILL');
    expect(await verdicts(one.access)).toEqual(['active', 'active']);
    await eventually('nobody who can say', async () => (await verdicts(one.access)).every(verdict => verdict === 'nobody can say'));
    const answer = await eventually('503', async () => { const { status, headers, json } = await send(`${url}/callforward/1`, { method: 'GET', headers: { authorization: `Bearer ${one.access}` } }); return status === 503 && { headers, json }; });
    expect([answer.headers['retry-after'], answer.json['error']]).toEqual(['1', 'temporarily_unavailable']);
  });
});
