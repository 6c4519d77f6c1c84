import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { decodeBatch } from '@strowger/contracts/cloud-event';
import { Database } from '@strowger/models/database';
import { freePort } from '../tools/local-stack/free-port';
import { serviceEnvironment } from '../tools/local-stack/service-environment';
import { Supervised, Supervisor } from '../tools/local-stack/supervisor';
import { SeededTenant } from './seeded-tenant';
import { eventually, startSystem, System } from './system';
import { TokenLedger } from './token-ledger';

const loader = join(__dirname, 'run-typescript.cjs'), mutant = join(__dirname, 'mutants/token-service.mutant.ts');
const KILLS = 5, CONNECTIONS = 12;

interface Instance { readonly url: string; readonly process: Supervised }
let system: System, database: Database, supervisor: Supervisor, client: { id: string; secret: string };

beforeEach(async () => {
  supervisor = new Supervisor({ log: () => undefined });
  system = await startSystem('faults');
  database = new Database({ MONGODB_URI: system.servers.mongodbUri });
  await database.connected();
  await system.start('audit-service');
}, 120_000);
afterEach(async () => {
  await supervisor.stopAll();
  await database.close();
  await system.stop();
}, 60_000);

/** An instance of token-service, whole or with mutations. */
async function tokenService(name: string, mutations: readonly string[] = []): Promise<Instance> {
  const port = await freePort(), url = `http://127.0.0.1:${String(port)}`;
  if (mutations.length === 0) return system.start('token-service', { instance: name, port });
  const process_ = await supervisor.run({
    name, command: process.execPath, args: ['--no-warnings', loader, mutant, ...mutations], env: serviceEnvironment('token-service', system.stack, { instance: name, port }),
    logFile: join(system.stack.logsDirectory, `${name}.log`), whenParentIsGone: 'self', stopSignal: 'SIGTERM', stopSeconds: 20, readySeconds: 60,
    ready: async () => { if ((await fetch(`${url}/health/ready`)).status !== 200) throw new Error('not yet'); },
  });
  return { url, process: process_ };
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

interface Verdict { readonly answered: number; readonly lost: number; readonly phantom: number; readonly twice: number }
/** Compares the ledger with the trail once the trail stands still; `settled` says when there is nothing more to wait for. */
async function verdict(ledger: TokenLedger, settled: () => Promise<boolean>): Promise<Verdict> {
  await eventually('everything owed to be published and read', settled, 90);
  const events = await database.collection<{ _id: string }>('audit_events').find({ type: 'token.issued' }, { projection: { _id: 1 } }).toArray();
  const tokens = await database.collection<{ _id: Buffer }>('access_tokens').find({}, { projection: { _id: 1 } }).toArray();
  const recorded = new Set(events.map(event => event._id)), stored = new Set(tokens.map(token => token._id.toString('base64url')));
  const lost = [...ledger.answered].filter(id => !recorded.has(id));
  return {
    answered: ledger.answered.size, lost: lost.length,
    phantom: [...recorded].filter(id => !stored.has(id)).length, twice: events.length - recorded.size,
  };
}

/** The trail's consumer has taken and settled every message of the stream (a message whose reader died is delivered again after 30 s). */
async function streamIsRead(): Promise<boolean> {
  interface Consumer { readonly name: string; readonly num_pending: number; readonly num_ack_pending: number }
  const { account_details = [] } = await (await fetch(`${system.servers.natsMonitorUrl}/jsz?streams=1&consumers=1&accounts=1`)).json() as { account_details?: { stream_detail: { consumer_detail: Consumer[] }[] }[] };
  const audit = account_details.flatMap(account => account.stream_detail).flatMap(stream => stream.consumer_detail).find(consumer => consumer.name === 'audit');
  return audit?.num_pending === 0 && audit.num_ack_pending === 0;
}
/** What the outbox still holds waits for documents that never came, and all that was published is read. */
async function atRest(): Promise<boolean> {
  const owed = await database.collection<{ absent?: number; batch: Buffer }>('outbox').find({}).toArray();
  if (owed.some(entry => entry.absent === undefined)) return false;
  const tokens = owed.flatMap(entry => decodeBatch(entry.batch)).map(event => Buffer.from((event as { id: string }).id, 'base64url'));
  return await database.collection<{ _id: Buffer }>('access_tokens').countDocuments({ _id: { $in: tokens } }) === 0 && streamIsRead();
}

test('every answered token is in the trail once, and no event without a token, whoever is killed', async () => {
  const one = await tokenService('token-one'), two = await tokenService('token-two');
  const audit = await system.start('audit-service', { instance: 'audit-two', port: await freePort() });
  await seed();
  const ledger = new TokenLedger([one.url, two.url], client);
  ledger.start(CONNECTIONS);
  for (const process_ of [two.process, audit.process, system.servers.nats, system.servers.databaseFront]) {
    for (let kill = 0; kill < KILLS; kill++) await killAndRestart(process_);
  }
  await ledger.stop();
  const { answered, ...rest } = await verdict(ledger, atRest);
  console.info(`answered ${String(answered)}, refused ${String(ledger.refused)}, unanswered ${String(ledger.unanswered)}, ${JSON.stringify(rest)}`);
  expect(answered).toBeGreaterThan(500);
  expect(rest).toEqual({ lost: 0, phantom: 0, twice: 0 });
}, 300_000);

test('without the relay the same run reports loss', async () => {
  const one = await tokenService('token-one', ['without-relay']), two = await tokenService('token-two', ['without-relay']);
  await seed();
  const ledger = new TokenLedger([one.url, two.url], client);
  ledger.start(CONNECTIONS);
  for (const process_ of [two.process, system.servers.nats]) for (let kill = 0; kill < 2; kill++) await killAndRestart(process_);
  await ledger.stop();
  const { lost, phantom } = await verdict(ledger, streamIsRead);
  console.info(`without the relay: answered ${String(ledger.answered.size)}, lost ${String(lost)}`);
  expect(lost).toBeGreaterThan(0);
  expect(phantom).toBe(0);
}, 300_000);

test.each([
  ['a relay that looks whether the document exists invents nothing', [], 0],
  ['a relay that does not look reports events without a token', ['blind-relay'], 1],
])('when a process dies between outbox entry and token: %s', async (_, mutations, least) => {
  const one = await tokenService('token-one', mutations);
  const dying = await tokenService('token-two', [...mutations, 'dies-between']);
  await seed();
  const ledger = new TokenLedger([one.url, dying.url], client);
  ledger.start(CONNECTIONS);
  await eventually('the instance to die by itself', () => Promise.resolve(dying.process.pid() === undefined), 60);
  await ledger.stop();
  const { lost, phantom } = await verdict(ledger, atRest);
  console.info(`${mutations.join() || 'whole relay'}: answered ${String(ledger.answered.size)}, phantom ${String(phantom)}`);
  expect(lost).toBe(0);
  if (least === 0) expect(phantom).toBe(0); else expect(phantom).toBeGreaterThanOrEqual(least);
}, 300_000);
