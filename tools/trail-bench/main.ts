import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { encodeBatch } from '@strowger/contracts/cloud-event';
import { EventType, subjectOf } from '@strowger/contracts/event-catalogue';
import { Bus } from '@strowger/messaging/bus';
import { JetStreamPublisher } from '@strowger/messaging/jetstream-publisher';
import { AUDIT_EVENTS } from '@strowger/models/audit-events/audit-events.schema';
import { Database } from '@strowger/models/database';
import { freePort } from '../local-stack/free-port';
import { makeSecrets } from '../local-stack/secrets';
import { startServers } from '../local-stack/servers';
import { startService } from '../local-stack/service-environment';
import { Supervisor } from '../local-stack/supervisor';
import { account, BEGIN, client, eventOf, STEP_MS, TENANT } from './events';
import { cpuOf } from './database-cpu';
import { indexCosts } from './index-costs';

const silent = { info: () => undefined, warn: () => undefined, error: () => undefined };
const say = (line: string): void => { process.stdout.write(`${line}\n`); };
const BATCH = 256, IN_FLIGHT = 8;

/** Stands in for token-service: every token is an auditor's of the tenant. */
async function introspection(): Promise<string> {
  const claims = {
    active: true, token_type: 'Bearer', username: 'auditor', iss: 'http://localhost', sub: 'p', aud: 'http://localhost/api', client_id: 'c', exp: 4e9, iat: 1, jti: 'j', scope: 'strowger', tenant_id: TENANT, application_id: 'a',
    account_kind: 'user', role: 'auditor', access_level: 'call_api', read_only: true, impersonation: false, rights: { tenant: 1, application: 1, account: 1 },
  };
  const server = createServer((request, response) => { request.resume().on('end', () => { response.setHeader('content-type', 'application/json').end(JSON.stringify(claims)); }); });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  server.unref();
  return `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
}

/** Publishes events as token-service would, in the order of time, and resolves when the trail has them all. */
async function record(publisher: JetStreamPublisher, database: Database, events: number): Promise<void> {
  const queues = new Map<EventType, object[]>();
  const under = new Set<Promise<void>>();
  const send = async (type: EventType, batch: Buffer): Promise<void> => { for (;;) try { await publisher.publish(subjectOf(type), batch); return; } catch { await new Promise(resolve => setTimeout(resolve, 200)); } };
  const flush = async (type: EventType): Promise<void> => {
    const sending = send(type, encodeBatch(queues.get(type) ?? []));
    queues.set(type, []);
    under.add(sending);
    void sending.finally(() => under.delete(sending));
    if (under.size >= IN_FLIGHT) await Promise.race(under);
  };
  for (let n = 0; n < events; n++) {
    const { type, event } = eventOf(n);
    const queue = queues.get(type) ?? [];
    queues.set(type, queue);
    if (queue.push(event) >= BATCH) await flush(type);
    if (n % 100_000 === 99_999) say(`  ${String(n + 1)} events published`);
  }
  for (const type of queues.keys()) await flush(type);
  await Promise.all(under);
  for (let count = 0; count < events;) {
    await new Promise(resolve => setTimeout(resolve, 1000));
    count = await database.collection(AUDIT_EVENTS).estimatedDocumentCount();
    if (count >= events * 0.98) count = await database.collection(AUDIT_EVENTS).countDocuments({}, { maxTimeMS: 60_000 }).catch(() => 0);
  }
}

/** p50 and p99 in milliseconds of `rounds` requests; `query` makes the n-th one. */
async function latency(url: string, rounds: number, query: (n: number) => string): Promise<{ p50: number; p99: number; items: number }> {
  const times: number[] = [];
  let items = 0;
  for (let n = -5; n < rounds; n++) {
    const began = performance.now();
    const response = await fetch(`${url}${query(Math.abs(n))}`, { headers: { authorization: 'Bearer x' } });
    const body = await response.json() as { items?: unknown[] };
    if (response.status !== 200) throw new Error(`${String(response.status)} ${JSON.stringify(body)}`);
    if (n >= 0) times.push(performance.now() - began);
    items = body.items?.length ?? 0;
  }
  times.sort((a, b) => a - b);
  return { p50: times[Math.floor(rounds / 2)] ?? 0, p99: times[Math.ceil(rounds * 0.99) - 1] ?? 0, items };
}

function queries(events: number): readonly (readonly [string, (n: number) => string])[] {
  const list = (parameters: string) => `/api/audit/events?${parameters}`;
  const day = (n: number): string => new Date(BEGIN + (n * 7919 % events) * STEP_MS).toISOString();
  return [
    ['no filter', () => list('')],
    ['type, frequent', () => list('type=token.issued')], ['type, rare', () => list('type=grant.reuse_detected')], ['type, never', () => list('type=device.denied')], ['three types', () => list('type=token.issued,token.rejected,grant.reuse_detected')],
    ['client_id', n => list(`client_id=${client(n % 200)}`)], ['client_id, never', n => list(`client_id=no-client-${String(n)}`)],
    ['subject: account', n => list(`subject=${account(n * 13 % 2000)}`)], ['subject: username', n => list(`subject=user-${String(n * 17 % 2000)}`)], ['subject: token', n => { const { event } = eventOf(n * 997 % events); return list(`subject=${(event as { id: string }).id}`); }], ['subject, never', n => list(`subject=nobody-${String(n)}`)],
    ['scope, frequent', () => list('scope=rest:calllog:read')], ['scope, rare', () => list('scope=rest:faxes:write')], ['scope, never', () => list('scope=gql:nothing:read')],
    ['grant_type, frequent', () => list('grant_type=password')], ['grant_type, rare', () => list('grant_type=device_code')], ['grant_type, never', () => list('grant_type=implicit')],
    ['ip', n => list(`ip=10.${String(n % 20)}.0.${String(n * 7 % 250)}`)], ['ip, never', n => list(`ip=192.0.2.${String(n % 250)}`)],
    ['from', n => list(`from=${day(n)}`)], ['to', n => list(`to=${day(n)}`)], ['to, with client_id', n => list(`to=${day(n)}&client_id=${client(n % 200)}`)], ['200 at once', () => list('limit=200')],
    ['client_id and rare type', n => list(`client_id=${client(n % 200)}&type=grant.reuse_detected`)],
    ['status', () => '/api/audit/status'],
  ];
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { events: { type: 'string', default: '1000000' }, rounds: { type: 'string', default: '200' }, rows: { type: 'string', default: '40000' }, help: { type: 'boolean' } } });
  if (values.help === true) { say('npm run bench:trail -- [--events 1000000] [--rounds 200] [--rows 40000]\n\nMeasures what the indexes cost, and every filter of the trail over that many events, recorded by audit-service itself. Needs Linux.'); return; }
  const events = Number(values.events), rounds = Number(values.rounds), rows = Number(values.rows);
  const dataDir = mkdtempSync(join(tmpdir(), 'strowger-trail-bench-'));
  const supervisor = new Supervisor({ log: () => undefined });
  const servers = await startServers({ dataDir, log: () => undefined });
  const database = new Database({ MONGODB_URI: servers.mongodbUri('trail_bench') });
  const bus = new Bus({ NATS_URL: servers.natsUrl, NATS_USER: 'token-service', NATS_PASSWORD: servers.busPassword('token-service') }, silent);
  try {
    await database.connected();
    if (rows > 0) {
      say('\n| index | database CPU us a document | ratio |\n|---|---|---|');
      let base = 1;
      for (const [name, us] of await indexCosts(database, rows, () => cpuOf(dataDir))) {
        if (/no index|lists/.test(name)) base = us;
        say(`| ${name} | ${us.toFixed(0)} | ${(us / base).toFixed(2)} |`);
      }
    }
    const port = await freePort();
    await startService('audit-service', {
      servers, secrets: makeSecrets(dataDir), database: 'trail_bench', ports: { 'token-service': 0, 'app-registry-service': 0, 'scope-service': 0, 'audit-service': port, 'portal-service': 0 }, logsDirectory: join(dataDir, 'logs'),
    }, supervisor, { port, env: { TOKEN_SERVICE_URL: await introspection() } });
    const url = `http://127.0.0.1:${String(port)}`, began = performance.now(), before = cpuOf(dataDir);
    await record(new JetStreamPublisher(bus), database, events);
    const seconds = (performance.now() - began) / 1000;
    say(`\n${String(events)} events recorded in ${seconds.toFixed(0)} s, ${(events / seconds).toFixed(0)} a second; CPU of database and bus ${((cpuOf(dataDir) - before) / events).toFixed(0)} us an event\n`);
    say('| query | p50 ms | p99 ms | items |\n|---|---|---|---|');
    for (const [name, query] of queries(events)) {
      const { p50, p99, items } = await latency(url, rounds, query);
      say(`| ${name} | ${p50.toFixed(1)} | ${p99.toFixed(1)} | ${String(items)} |`);
    }
    for (const by of ['type', 'client_id', 'grant_type']) {
      const { p50, p99 } = await latency(url, Math.min(rounds, 5), n => `/api/audit/summary?interval=hour&by=${by}&to=${new Date(BEGIN + (events - n * 1000) * STEP_MS).toISOString()}`);
      say(`| summary of a day (43,200 events) by ${by} | ${p50.toFixed(1)} | ${p99.toFixed(1)} | |`);
    }
    const exporting = performance.now();
    const response = await fetch(`${url}/api/audit/export?format=ndjson`, { headers: { authorization: 'Bearer x' } });
    let bytes = 0;
    for await (const chunk of response.body ?? []) bytes += (chunk as Uint8Array).length;
    say(`\nexport of everything: ${(bytes / 1e6).toFixed(0)} MB in ${((performance.now() - exporting) / 1000).toFixed(0)} s; resident memory of audit-service ${/^process_resident_memory_bytes (\S+)/m.exec(await (await fetch(`${url}/metrics`)).text())?.[1] ?? '?'} bytes afterwards`);
  } finally {
    await bus.close();
    await supervisor.stopAll();
    await database.close();
    await servers.stop();
    rmSync(dataDir, { recursive: true, force: true });
  }
}

void main().then(() => { process.exit(0); }, (error: unknown) => { process.stderr.write(`${error instanceof Error ? error.stack ?? error.message : String(error)}\n`); process.exit(1); });
