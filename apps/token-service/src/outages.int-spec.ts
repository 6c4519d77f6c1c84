import { freePort } from '../../../tools/local-stack/free-port';
import { eventually, turned } from '../../../test/system';
import { Account, Answer, Application, decodedJwt, send, textOf, TokenScene } from './token-service.fixture';

/** Within five seconds comes an answer while the database does not answer at all; longer than this is a hang also on a slow machine. */
const PATIENCE_MS = 15_000;
let scene: TokenScene, alice: Account, robot: Application, phone: Application;
beforeAll(async () => {
  scene = await TokenScene.start('token_service_outages');
  alice = await scene.account();
  robot = await scene.application(alice);
  phone = await scene.native(alice);
});
afterAll(() => scene.stop());

const jtiOf = (answer: Answer): string => String(decodedJwt(textOf(answer, 'access_token')).claims['jti']);
/** Every one of these tokens is in the trail, once, and nothing is owed. */
async function recorded(ids: readonly string[]): Promise<void> {
  await scene.settled();
  await eventually('the events in the trail', async () => await scene.database.collection<{ _id: string }>('audit_events').countDocuments({ _id: { $in: [...ids] }, type: 'token.issued' }) === ids.length, 30);
}
const ready = async (url: string): Promise<number> => (await send(`${url}/health/ready`, { method: 'GET' })).status;

describe('while the bus is away', () => {
  it('tokens are issued, refreshed and introspected, refusals recorded, and nothing of it is lost', async () => {
    scene.system.servers.nats.kill('SIGKILL');
    const ids: string[] = [];
    try {
      const login = await scene.login(phone, alice), refreshed = await scene.refresh(phone, textOf(login, 'refresh_token'), {}, { instance: 1 });
      const answers = [login, refreshed, ...await Promise.all(Array.from({ length: 20 }, (_, i) => scene.credentials(robot, {}, { instance: i })))];
      ids.push(...answers.map(jtiOf));
      for (const answer of answers) expect(answer.milliseconds).toBeLessThan(PATIENCE_MS);
      expect((await scene.introspect(textOf(refreshed, 'access_token'))).json['active']).toBe(true);
      expect((await scene.credentials({ ...robot, secret: 'wrong' })).status).toBe(401);
      expect(await scene.database.collection('outbox').countDocuments({})).toBeGreaterThan(2);
    } finally { await scene.system.servers.nats.start(); }
    await recorded(ids);
  });
  it('cached facts are five seconds old at most', async () => {
    const owner = await scene.account(), application = await scene.application(owner);
    scene.system.servers.nats.kill('SIGKILL');
    try {
      expect((await scene.credentials(application)).status).toBe(200);
      await scene.database.collection<{ _id: string }>('applications').updateOne({ _id: application._id }, { $set: { status: 'disabled', rights_version: 2 } });
      expect((await turned('the refusal', async () => (await scene.credentials(application)).json['error'] === 'unauthorized_client')).lastOtherwise).toBeLessThan(5500);
    } finally { await scene.system.servers.nats.start(); }
  });
  it('an instance that starts listens and serves, and is ready when the bus comes', async () => {
    scene.system.servers.nats.kill('SIGKILL');
    const port = await freePort(), url = `http://127.0.0.1:${String(port)}`, ids: string[] = [];
    let starting: Promise<unknown> = Promise.resolve();
    try {
      starting = scene.system.start('token-service', { instance: 'token-service-late', port });
      const form = new URLSearchParams({ grant_type: 'client_credentials', client_id: robot.client_id, client_secret: robot.secret }).toString();
      const answer = await eventually('a token', async () => {
        const one = await send(`${url}/oauth/token`, { headers: { 'content-type': 'application/x-www-form-urlencoded' }, body: form }).catch(() => undefined);
        return one?.status === 200 && one;
      });
      ids.push(jtiOf(answer));
      expect(await ready(url)).toBe(503);
    } finally { await scene.system.servers.nats.start(); }
    await starting;
    expect(await ready(url)).toBe(200);
    await recorded(ids);
  });
  it('and what is owed grows too old, nothing is issued any more; introspection goes on, and issuing when the bus is back', async () => {
    const strict = await scene.startInstance('token-service-strict', { OUTBOX_MAX_AGE_SECONDS: '1' }), instance = scene.instances.indexOf(strict), token = textOf(await scene.credentials(robot, {}, { instance }), 'access_token');
    scene.system.servers.nats.kill('SIGKILL');
    try {
      await scene.credentials(robot, {}, { instance });
      const refusal = await eventually('a refusal', async () => { const answer = await scene.credentials(robot, {}, { instance }); return answer.status !== 200 && answer; });
      expect([refusal.status, refusal.json['error'], refusal.headers['retry-after']]).toEqual([503, 'temporarily_unavailable', '60']);
      expect((await scene.introspect(token, instance)).json['active']).toBe(true);
    } finally { await scene.system.servers.nats.start(); }
    await eventually('a token again', async () => (await scene.credentials(robot, {}, { instance })).status === 200, 30);
    await strict.process.stop();
    scene.instances.splice(instance, 1);
  });
});

describe.each([
  ['is gone', () => { scene.system.servers.databaseFront.kill('SIGKILL'); }, () => scene.system.servers.databaseFront.start()],
  ['is frozen', () => { scene.system.servers.databaseFront.kill('SIGSTOP'); }, () => { scene.system.servers.databaseFront.kill('SIGCONT'); return Promise.resolve(); }],
])('while the database %s', (_what, away, back) => {
  it('S76: everything that needs it is 503 with Retry-After, never an answer that is not known to be true; keys and metadata are served; all of it works again without a restart', async () => {
    const login = await scene.login(phone, alice), token = textOf(login, 'access_token');
    away();
    const work = (): Promise<Answer>[] => [
      scene.credentials(robot), scene.login(phone, alice), scene.refresh(phone, textOf(login, 'refresh_token')), scene.introspect(token), scene.introspectAs(phone, token), scene.credentials({ ...robot, secret: 'wrong' }),
      send(scene.url('/oauth/resource'), { method: 'GET', headers: { authorization: `Bearer ${token}` } }),
    ];
    try {
      for (const answer of await Promise.all(work())) {
        expect([answer.status, answer.json['error'], answer.headers['retry-after']]).toEqual([503, 'temporarily_unavailable', '1']);
        expect(answer.text).not.toMatch(/mongo|ECONN|socket|timed out/i);
        expect(answer.milliseconds).toBeLessThan(PATIENCE_MS);
      }
      expect(await ready(scene.url(''))).toBe(503);
      expect((await send(scene.url('/health/live'), { method: 'GET' })).status).toBe(200);
      expect((await send(scene.url('/.well-known/jwks.json'), { method: 'GET' })).json['keys']).toHaveLength(2);
    } finally { await back(); }
    await eventually('tokens again', async () => (await scene.credentials(robot)).status === 200, 30);
    await eventually('readiness', async () => await ready(scene.url('')) === 200, 30);
    expect((await scene.refresh(phone, textOf(login, 'refresh_token'))).status).toBe(200);
    expect((await scene.introspect(token)).json['active']).toBe(true);
    await scene.settled();
  });
});

test('an instance that starts while the database is away listens, says so, and is ready when it comes', async () => {
  scene.system.servers.databaseFront.kill('SIGKILL');
  const port = await freePort(), url = `http://127.0.0.1:${String(port)}`;
  let starting: Promise<unknown> = Promise.resolve();
  try {
    starting = scene.system.start('token-service', { instance: 'token-service-later', port });
    await eventually('a listening service', async () => await ready(url).catch(() => 0) === 503);
    const answer = await send(`${url}/oauth/token`, { headers: { 'content-type': 'application/x-www-form-urlencoded' }, body: `grant_type=client_credentials&client_id=${robot.client_id}&client_secret=${robot.secret}` });
    expect([answer.status, answer.headers['retry-after']]).toEqual([503, '1']);
    expect((await send(`${url}/.well-known/jwks.json`, { method: 'GET' })).status).toBe(503);
  } finally { await scene.system.servers.databaseFront.start(); }
  await starting;
  expect(await ready(url)).toBe(200);
});

test('a graceful stop answers what it has accepted and publishes what it owes', async () => {
  const ids: string[] = [], [one] = scene.instances;
  let stopping = false;
  const loops = Array.from({ length: 8 }, async () => {
    while (!stopping) {
      const answer = await scene.credentials(robot).catch(() => undefined);
      if (answer?.status === 200) ids.push(jtiOf(answer));
      else if (answer === undefined) await new Promise(resolve => setImmediate(resolve));
    }
  });
  await eventually('a hundred tokens', () => Promise.resolve(ids.length > 100));
  await one?.process.stop();
  stopping = true;
  await Promise.all(loops);
  expect(await scene.database.collection('outbox').countDocuments({})).toBe(0);
  await recorded(ids);
  await one?.process.start();
});
