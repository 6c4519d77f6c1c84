import { setTimeout as pause } from 'node:timers/promises';
import { Database } from '@strowger/models/database';
import { freePort } from '../tools/local-stack/free-port';
import { Supervised, Supervisor } from '../tools/local-stack/supervisor';
import { startMutant } from './mutants/start-mutant';
import { SeededTenant } from './seeded-tenant';
import { eventually, startSystem, System } from './system';
import { TokenLedger } from './token-ledger';
import { TokenLoad } from './token-load';
import { Trail, Verdict } from './trail';

const KILLS = 5, CONNECTIONS = 12;

interface Instance { readonly url: string; readonly process: Supervised }
let system: System, database: Database, trail: Trail, supervisor: Supervisor, client: { id: string; secret: string };

beforeEach(async () => {
  supervisor = new Supervisor({ log: () => undefined });
  system = await startSystem('faults');
  database = new Database({ MONGODB_URI: system.servers.mongodbUri });
  await database.connected();
  trail = new Trail(database, system.servers.natsMonitorUrl);
  await system.start('audit-service');
});
afterEach(async () => {
  await supervisor.stopAll();
  await database.close();
  await system.stop();
});

/** An instance of token-service, whole or with mutations. */
async function tokenService(name: string, mutations: readonly string[] = []): Promise<Instance> {
  const port = await freePort();
  if (mutations.length === 0) return system.start('token-service', { instance: name, port });
  return startMutant('token-service', mutations, system.stack, supervisor, { instance: name, port });
}

async function seed(): Promise<void> {
  const tenant = await SeededTenant.in(database), owner = await tenant.account(), application = await tenant.application(owner._id);
  client = { id: application.client_id, secret: application.secret };
}

/** Kills, waits until more was answered or refused meanwhile, starts it again. */
async function killAndRestart(process_: Supervised): Promise<void> {
  process_.kill('SIGKILL');
  await pause(300);
  await process_.start();
  await pause(300);
}

/** Judges once `settled` says that there is nothing more to wait for. */
async function verdict(ledger: TokenLedger, settled: () => Promise<boolean>): Promise<Verdict> {
  await eventually('everything owed to be published and read', settled, 90);
  return trail.judge(ledger);
}
const atRest = (): Promise<boolean> => trail.isAtRest();

test('every answered token is in the trail once, and no event without a token, whoever is killed', async () => {
  const one = await tokenService('token-one'), two = await tokenService('token-two');
  const audit = await system.start('audit-service', { instance: 'audit-two', port: await freePort() });
  await seed();
  const load = new TokenLoad([one.url, two.url], { machines: [client] }), { ledger } = load;
  load.start(CONNECTIONS);
  for (const process_ of [two.process, audit.process, system.servers.nats, system.servers.databaseFront]) {
    for (let kill = 0; kill < KILLS; kill++) await killAndRestart(process_);
  }
  await load.stop();
  const { answered, ...rest } = await verdict(ledger, atRest);
  console.info(`answered ${String(answered)}, refused ${String(ledger.refused)}, unanswered ${String(ledger.unanswered)}, ${JSON.stringify(rest)}`);
  expect(answered).toBeGreaterThan(500);
  expect(rest).toEqual({ lost: 0, toldAgain: 0, phantom: 0, doubled: 0 });
}, 600_000);

test('without the relay the same run reports loss', async () => {
  const one = await tokenService('token-one', ['without-relay']), two = await tokenService('token-two', ['without-relay']);
  await seed();
  const load = new TokenLoad([one.url, two.url], { machines: [client] }), { ledger } = load;
  load.start(CONNECTIONS);
  for (const process_ of [two.process, system.servers.nats]) for (let kill = 0; kill < 2; kill++) await killAndRestart(process_);
  await load.stop();
  const { lost, toldAgain, phantom } = await verdict(ledger, () => trail.isRead());
  console.info(`without the relay: answered ${String(ledger.answered.size)}, lost ${String(lost)}, told again by the reconciler ${String(toldAgain)}`);
  expect(lost + toldAgain).toBeGreaterThan(0);
  expect(phantom).toBe(0);
}, 600_000);

test.each([
  ['a relay that looks whether the document exists invents nothing', [], 0],
  ['a relay that does not look reports events without a token', ['blind-relay'], 1],
])('when a process dies between outbox entry and token: %s', async (_, mutations, least) => {
  const one = await tokenService('token-one', mutations);
  const dying = await tokenService('token-two', [...mutations, 'dies-between']);
  await seed();
  const load = new TokenLoad([one.url, dying.url], { machines: [client] }), { ledger } = load;
  load.start(CONNECTIONS);
  await eventually('the instance to die by itself', () => Promise.resolve(dying.process.pid() === undefined), 60);
  await load.stop();
  const { lost, phantom } = await verdict(ledger, atRest);
  console.info(`${mutations.join() || 'whole relay'}: answered ${String(ledger.answered.size)}, phantom ${String(phantom)}`);
  expect(lost).toBe(0);
  if (least === 0) expect(phantom).toBe(0); else expect(phantom).toBeGreaterThanOrEqual(least);
}, 600_000);
