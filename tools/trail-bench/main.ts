import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { AddressInfo } from 'node:net';
import { loadavg, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { encodeBatch } from '@strowger/contracts/cloud-event';
import { EventType, subjectOf } from '@strowger/contracts/event-catalogue';
import { Bus } from '@strowger/messaging/bus';
import { JetStreamPublisher } from '@strowger/messaging/jetstream-publisher';
import { Database } from '@strowger/models/database';
import { freePort } from '../local-stack/free-port';
import { makeSecrets } from '../local-stack/secrets';
import { RunningServers, startServers } from '../local-stack/servers';
import { startService } from '../local-stack/service-environment';
import { Supervisor } from '../local-stack/supervisor';
import { AuditProcess } from './audit-process';
import { cpuOf } from './database-cpu';
import { BEGIN, client, eventOf, TENANT } from './events';
import { indexCosts } from './index-costs';
import { latencies, queriesOf } from './queries';

const HELP = `npm run bench:trail -- [--events N] [--every MS] [--batch N] [--rounds N] [--rows N] [--only WORD] [--keep DIR] [--against DIST]

Measures what the trail's indexes cost, and every filter over events that audit-service itself recorded. Needs Linux.

  --events N  how many events (default 1000000; 0: only the indexes)
  --every MS  of which time there is one event (default 2000)
  --batch N   events a message (default 256)
  --rounds N  how often each query is asked (default 200)
  --rows N    documents for each way to index (default 40000; 0: none)
  --only WORD ask only the queries whose name has this word, and no summary and no export
  --keep DIR  keep the history in this folder, and read the one that an earlier run left there (its --events and --every must be the same)
  --against DIST  ask another build of Strowger (a copy of dist/ beside node_modules), too, in turns with this one`;
const silent = { info: () => undefined, warn: () => undefined, error: () => undefined };
const say = (line: string): void => { process.stdout.write(`${line}\n`); };
const load = (): string => `load ${(loadavg()[0] ?? 0).toFixed(1)}`;
const IN_FLIGHT = 8;
interface Options {
  readonly events: number; readonly everyMs: number; readonly batch: number; readonly rounds: number; readonly rows: number;
  readonly only: string | undefined; readonly keep: string | undefined; readonly against: string | undefined;
}

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
async function record(publisher: JetStreamPublisher, audit: AuditProcess, { events, everyMs, batch: atOnce }: Options): Promise<void> {
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
    const { type, event } = eventOf(n, everyMs);
    const queue = queues.get(type) ?? [];
    queues.set(type, queue);
    if (queue.push(event) >= atOnce) await flush(type);
  }
  for (const type of queues.keys()) await flush(type);
  await Promise.all(under);
  while (await audit.recorded() < events) await new Promise(resolve => setTimeout(resolve, 250));
}

async function costs(database: Database, rows: number, dataDir: string): Promise<void> {
  say('\n| index | database CPU us a document | ratio |\n|---|---|---|');
  for (const group of await indexCosts(database, rows, () => cpuOf(dataDir))) for (const { name, us } of group) say(`| ${name} | ${us.toFixed(0)} | ${(us / (group[0]?.us ?? NaN)).toFixed(2)} |`);
  say(`\n(${load()})`);
}

/** An audit-service, of this build or of another; its port. */
async function auditService(servers: RunningServers, dataDir: string, supervisor: Supervisor, instance: string, root?: string): Promise<number> {
  const port = await freePort(), ports = { 'token-service': 0, 'app-registry-service': 0, 'scope-service': 0, 'audit-service': port, 'pbx-api-service': 0, 'portal-service': 0 };
  await startService('audit-service', { servers, secrets: makeSecrets(dataDir), database: 'trail_bench', ports, logsDirectory: join(dataDir, 'logs') }, supervisor, {
    instance, port, env: { TOKEN_SERVICE_URL: await introspection(), API_REQUESTS_PER_MINUTE: '9999999' }, ...(root !== undefined && { root }),
  });
  return port;
}

/** Asks every query, of two builds in turns where there are two, and prints a row for each. */
async function askAll(urls: readonly string[], { events, everyMs, rounds, only = '' }: Options): Promise<void> {
  say(`| filter |${urls.length > 1 ? ' build |' : ''} first page p50 ms | p99 ms | next page p50 ms | p99 ms | events |\n|---|---|---|---|---|---|${urls.length > 1 ? '---|' : ''}`);
  for (const query of queriesOf(events, everyMs).filter(({ name }) => name.includes(only))) {
    for (const [n, { first, next }] of (await latencies(urls.map(url => `${url}/api/audit/events`), rounds, query)).entries()) {
      const build = urls.length > 1 ? ` ${n === 0 ? 'this' : 'other'} |` : '';
      say(`| ${query.name} |${build} ${first.p50.toFixed(1)} | ${first.p99.toFixed(1)} | ${next ? `${next.p50.toFixed(1)} | ${next.p99.toFixed(1)}` : '– | –'} | ${String((next ?? first).items)} |`);
    }
  }
}

/** Records a history through audit-service where none is kept, and asks it everything. */
async function trail(servers: RunningServers, dataDir: string, supervisor: Supervisor, options: Options): Promise<void> {
  const { events, everyMs } = options, kept = join(dataDir, 'history.json'), history = JSON.stringify({ events, everyMs });
  if (existsSync(kept) && readFileSync(kept, 'utf8') !== history) throw new Error(`${dataDir} has another history: ${readFileSync(kept, 'utf8')}`);
  const url = `http://127.0.0.1:${String(await auditService(servers, dataDir, supervisor, 'audit-service-1'))}`;
  const bus = new Bus({ NATS_URL: servers.natsUrl, NATS_USER: 'token-service', NATS_PASSWORD: servers.busPassword('token-service') }, silent), audit = new AuditProcess(url);
  const ask = (path: string) => fetch(`${url}/api/audit/${path}`, { headers: { authorization: 'Bearer x' } });
  const memory = async () => `resident memory of audit-service at most ${audit.mostMemory().toFixed(0)} MB, ${(await audit.memory()).toFixed(0)} MB at the end`;
  try {
    if (!existsSync(kept)) {
      const began = performance.now(), before = cpuOf(dataDir), own = await audit.cpu();
      await record(new JetStreamPublisher(bus), audit, options);
      const seconds = (performance.now() - began) / 1000, us = (spent: number): string => (spent / events).toFixed(0);
      say(`\n${String(events)} events, one in ${String(everyMs)} ms, recorded in ${seconds.toFixed(0)} s, ${(events / seconds).toFixed(0)} a second (${load()}). CPU us an event: database and bus ${us(cpuOf(dataDir) - before)}, audit-service ${us(await audit.cpu() - own)}; ${await memory()}\n`);
      writeFileSync(kept, history);
    }
    const other = options.against === undefined ? [] : [`http://127.0.0.1:${String(await auditService(servers, dataDir, supervisor, 'audit-service-2', options.against))}`];
    await askAll([url, ...other], options);
    say(`\n(${load()}; ${await memory()})\n`);
    if (options.only !== undefined) return;
    for (const by of ['type', 'client_id', 'grant_type']) {
      const at = performance.now(), body = await (await ask(`summary?interval=hour&by=${by}&to=${new Date(BEGIN + events * everyMs).toISOString()}`)).json() as { total?: number };
      say(`summary of the last day by ${by}: ${String(body.total)} events in ${(performance.now() - at).toFixed(0)} ms`);
    }
    for (const filter of ['', '&type=token.issued', '&grant_type=password', `&client_id=${client(1)}`]) {
      const at = performance.now();
      let bytes = 0, lines = 0;
      for await (const chunk of (await ask(`export?format=ndjson${filter}`)).body ?? []) { bytes += (chunk as Uint8Array).length; for (const byte of chunk as Uint8Array) if (byte === 10) lines++; }
      const took = (performance.now() - at) / 1000;
      say(`export of ${filter === '' ? 'everything' : filter.slice(1)}: ${String(lines)} events, ${(bytes / 1e6).toFixed(0)} MB, in ${took.toFixed(1)} s, ${(lines / took).toFixed(0)} a second; ${await memory()}`);
    }
  } finally {
    audit.stop();
    await bus.close();
  }
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { events: { type: 'string', default: '1000000' }, every: { type: 'string', default: '2000' }, batch: { type: 'string', default: '256' }, rounds: { type: 'string', default: '200' }, rows: { type: 'string', default: '40000' },
      only: { type: 'string' }, keep: { type: 'string' }, against: { type: 'string' }, help: { type: 'boolean' } },
  });
  if (values.help === true) { say(HELP); return; }
  const options = { events: Number(values.events), everyMs: Number(values.every), batch: Number(values.batch), rounds: Number(values.rounds), rows: Number(values.rows), only: values.only, keep: values.keep, against: values.against };
  const dataDir = options.keep === undefined ? mkdtempSync(join(tmpdir(), 'strowger-trail-bench-')) : resolve(options.keep), supervisor = new Supervisor({ log: () => undefined });
  const servers = await startServers({ dataDir, log: () => undefined }), database = new Database({ MONGODB_URI: servers.mongodbUri('trail_bench_indexes') });
  try {
    await database.connected();
    if (options.rows > 0) await costs(database, options.rows, dataDir);
    if (options.events > 0) await trail(servers, dataDir, supervisor, options);
  } finally {
    await supervisor.stopAll();
    await database.close();
    await servers.stop();
    if (options.keep === undefined) rmSync(dataDir, { recursive: true, force: true });
  }
}

void main().then(() => { process.exit(0); }, (error: unknown) => { process.stderr.write(`${error instanceof Error ? error.stack ?? error.message : String(error)}\n`); process.exit(1); });
