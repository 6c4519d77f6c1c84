import { connect } from 'node:net';
import { Database } from '@strowger/models/database';
import { send } from '../apps/token-service/src/token-service.fixture';
import { services } from '../tools/local-stack/service-environment';
import { SeededTenant } from './seeded-tenant';
import { eventually, startSystem, System } from './system';

/** Every service listens to anybody who reaches its port. */
type Service = (typeof services)[number];
const TIMEOUT_SECONDS = 2, CLOSED_WITHIN_SECONDS = 30, FORM = 'application/x-www-form-urlencoded';
/** A path of each service that answers whoever has a token, and what it says to it. */
const good: Readonly<Record<Service, readonly [path: string, status: number]>> = {
  'token-service': ['/oauth/tokens', 200], 'app-registry-service': ['/api/applications', 200], 'scope-service': ['/api/scopes', 200], 'audit-service': ['/api/audit/events', 200],
  'pbx-api-service': ['/api/rest/extensions', 200],  'portal-service': ['/api/scopes', 200],
};
/** A path of each service to which a body may be sent, of this type; a service without one refuses every body. */
const bodies: Readonly<Record<Service, readonly [path: string, type: string]>> = {
  'token-service': ['/oauth/token', FORM], 'app-registry-service': ['/api/applications', 'application/json'], 'scope-service': ['/api/scopes', FORM], 'audit-service': ['/api/audit/events', FORM],
  'pbx-api-service': ['/api/rest/calls', 'application/json'],  'portal-service': ['/oauth/token', FORM],
};

let system: System, database: Database, token: string;
beforeAll(async () => {
  system = await startSystem('hostile_clients');
  await Promise.all(services.map(service => system.start(service, { env: { REQUEST_TIMEOUT_SECONDS: String(TIMEOUT_SECONDS) } })));
  database = new Database({ MONGODB_URI: system.servers.mongodbUri });
  await database.connected();
  const tenant = await SeededTenant.in(database), administrator = await tenant.account({ role: 'administrator' });
  const { client_id, secret } = await tenant.application(administrator._id, { scope: 'rest strowger', access_level: 'all' });
  // The services announce their scopes by themselves, each in its time.
  await eventually('a token for every service', async () => {
    const answer = await send(`${system.url('token-service')}/oauth/token`, { headers: { 'content-type': FORM }, body: `grant_type=client_credentials&client_id=${client_id}&client_secret=${secret}` });
    token = String(answer.json['access_token']);
    return (await Promise.all(services.map(async service => (await get(service)).status === good[service][1]))).every(Boolean);
  });
});
afterAll(async () => { await database.close(); await system.stop(); });

const get = (service: Service, path = good[service][0], headers: Record<string, string> = {}) => send(system.url(service) + path, { method: 'GET', headers: { authorization: `Bearer ${token}`, ...headers } });
const isWell = async (service: Service): Promise<void> => {
  expect([service, (await get(service)).status]).toEqual([service, good[service][1]]);
  expect((await send(`${system.url(service)}/health/live`, { method: 'GET' })).status).toBe(200);
};
/** Sends `text`, then `drop` again and again, over a connection of its own; what came until the other side closed it, and after how many seconds. */
async function dripping(service: Service, text: string, drop = ''): Promise<{ answer: string; seconds: number }> {
  const began = performance.now(), socket = connect(Number(new URL(system.url(service)).port), '127.0.0.1');
  socket.on('error', () => undefined).write(text);
  const drops = drop === '' ? undefined : setInterval(() => { socket.write(drop); }, 100);
  let answer = '';
  socket.on('data', chunk => { answer += chunk.toString(); });
  const patience = setTimeout(() => { socket.destroy(); }, 2 * CLOSED_WITHIN_SECONDS * 1000);
  await new Promise(resolve => { socket.on('close', resolve); });
  clearInterval(drops);
  clearTimeout(patience);
  return { answer, seconds: (performance.now() - began) / 1000 };
}
const head = (service: Service, more: string): string => `POST ${bodies[service][0]} HTTP/1.1\r\nHost: x\r\nContent-Type: ${bodies[service][1]}\r\nAuthorization: Bearer ${token}\r\n${more}`;

describe.each(services)('%s', service => {
  it('S37: closes what does not arrive within 30 s, a hundred at once and however it drips, and answers others meanwhile', async () => {
    const kinds = [['', ''], ['POST', ''], [head(service, ''), ''], [head(service, ''), 'X-Drop: x\r\n'], [head(service, 'Content-Length: 60000\r\n\r\n'), ''], [head(service, 'Content-Length: 60000\r\n\r\n'), 'a']] as const;
    const slow = Array.from({ length: 17 }, () => kinds).flat().map(([text, drop]) => dripping(service, text, drop));
    for (let i = 0; i < 10; i++) await isWell(service);
    for (const { answer, seconds } of await Promise.all(slow)) {
      expect(seconds).toBeLessThan(CLOSED_WITHIN_SECONDS);
      // Nothing, or that it was too slow; a service that takes no body has nothing to wait for.
      expect(answer.slice(0, 12)).toMatch(/^(HTTP\/1\.1 (408|400|404|405|401)|)$/);
    }
    await isWell(service);
  });
  it('S37: refuses 10,000 parameters, in the query and in the body, and as many fields or levels of JSON, within 50 ms', async () => {
    const [path, type] = bodies[service], many = Array.from({ length: 10_000 }, (_, i) => i.toString(36));
    const texts: Readonly<Record<string, string>> = {
      [FORM]: many.map(name => `${name}=`).join('&'),
      'application/json': `{${many.slice(0, 6000).map(name => `"${name}":0`).join()}}`,
    };
    const requests: [what: string, make: () => ReturnType<typeof send>][] = [
      ['a query', () => get(service, `${good[service][0]}?${many.slice(0, 3500).map(name => `${name}=`).join('&')}`)],
      ['a query beyond any header', () => get(service, `${good[service][0]}?${many.map(name => `${name}=`).join('&')}`)],
      ['a body', () => send(system.url(service) + path, { headers: { authorization: `Bearer ${token}`, 'content-type': type }, body: texts[type] ?? '' })],
      ['a nested body', () => send(system.url(service) + path, { headers: { authorization: `Bearer ${token}`, 'content-type': type }, body: '['.repeat(30_000) + ']'.repeat(30_000) })],
    ];
    for (const [what, make] of requests) {
      // On a machine with much else to do one answer proves nothing: the fastest does.
      await eventually(`${what} to be refused within 50 ms`, async () => {
        const answer = await make();
        // scope-service and audit-service know no POST on these paths.
        expect([what, [400, 401, 404, 405, 413, 431].includes(answer.status), answer.status]).toEqual([what, true, answer.status]);
        expect(answer.text).not.toMatch(/at .*\.(js|ts)|stack|Mongo|Fastify/);
        return answer.milliseconds < 50;
      });
    }
    await isWell(service);
  });
  it('S37: stands a flood of headers: too many or too long ones are 431, as many as fit change nothing', async () => {
    const raw = async (headers: string): Promise<number> => Number((await dripping(service, `GET ${good[service][0]} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n${headers}\r\n`)).answer.slice(9, 12));
    const authorization = `Authorization: Bearer ${token}\r\n`;
    expect(await Promise.all([raw(`X: ${'x'.repeat(65_536)}\r\n`), raw('a: b\r\n'.repeat(10_000)), raw(`Cookie: ${'a=b; '.repeat(20_000)}\r\n`)])).toEqual([431, 431, 431]);
    expect(await raw(authorization + Array.from({ length: 400 }, (_, i) => `x${String(i)}: y\r\n`).join(''))).toBe(good[service][1]);
    expect(await raw(`${authorization}${'Cookie: __proto__=x\r\n'.repeat(300)}__proto__: x\r\nconstructor: x\r\n`)).toBe(good[service][1]);
    expect([400, 401]).toContain(await raw('Authorization: Bearer x\r\n'.repeat(300)));
    await isWell(service);
  });
});
