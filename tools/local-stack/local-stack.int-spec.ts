import { execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { createServer, Server } from 'node:http';
import { connect } from 'node:net';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { jetstream } from '@nats-io/jetstream';
import { connect as connectNats } from '@nats-io/transport-node';
import { inboxOf } from '@strowger/contracts/bus-users';
import { downloadUnlessFailed } from './failed-download';
import { freePort } from './free-port';
import { mongoCommand } from './mongo-command';
import { releasedNats } from './nats/released-nats';
import { LockHeld, takeLock, waitForLock } from './process-lock';
import { builtFile } from './repository-root';
import { makeSecrets } from './secrets';
import { RunningServers, startServers } from './servers';
import { Program, Supervisor } from './supervisor';

const folder = mkdtempSync(join(tmpdir(), 'strowger-stack-'));
afterAll(() => { rmSync(folder, { recursive: true, force: true }); });
const isAlive = (pid: number): boolean => { try { process.kill(pid, 0); return true; } catch { return false; } };
/** Waits for a condition, at most `seconds`. */
async function until(condition: () => boolean | Promise<boolean>, seconds = 45): Promise<void> {
  for (const end = Date.now() + seconds * 1000; !await condition();) {
    if (Date.now() > end) throw new Error(`not so within ${String(seconds)} s: ${condition.toString()}`);
    await new Promise(resolve => { setTimeout(resolve, 10); });
  }
}
const program = (name: string, script: string, changes: Partial<Program> = {}): Program => ({
  name, command: process.execPath, args: ['-e', script], env: {}, logFile: join(folder, `${name}.log`), whenParentIsGone: 'TERM',
  stopSignal: 'SIGTERM', stopSeconds: 5, readySeconds: 60, ready: () => Promise.resolve(), ...changes,
});
const FOREVER = 'setInterval(() => {}, 1e6)';

describe('the supervisor', () => {
  it('starts again what died and says so, gives up after five times a minute', async () => {
    const lines: string[] = [], gaveUp = jest.fn<undefined, [Error]>();
    const supervisor = new Supervisor({ log: line => lines.push(line), restart: { gaveUp } });
    const server = await supervisor.run(program('mortal', `console.log("last words"); ${FOREVER}`, {
      ready: () => (readFileSync(join(folder, 'mortal.log'), 'utf8').includes('last words') ? Promise.resolve() : Promise.reject(new Error())),
    }));
    for (let death = 1; death <= 6; death++) {
      const pid = server.pid() ?? 0;
      server.kill('SIGKILL');
      await until(() => (server.pid() ?? pid) !== pid || gaveUp.mock.calls.length > 0);
    }
    expect(lines).toEqual(Array.from({ length: 5 }, () => 'mortal died (SIGKILL) and is started again'));
    expect(gaveUp.mock.calls[0]?.[0].message).toMatch(/^mortal died 6 times within a minute; .*\n {4}last words/s);
    await supervisor.stopAll();
  });
  it('lets lie what was stopped on purpose, and what died where nobody asked for restarts', async () => {
    const lines: string[] = [], log = (line: string) => lines.push(line);
    const restarting = new Supervisor({ log, restart: { gaveUp: error => { throw error; } } }), plain = new Supervisor({ log });
    const stopped = await restarting.run(program('stopped', FOREVER)), killed = await plain.run(program('killed', FOREVER));
    await stopped.stop();
    killed.kill('SIGKILL');
    await until(() => killed.pid() === undefined);
    expect([stopped.pid(), killed.pid(), lines]).toEqual([undefined, undefined, []]);
    await killed.start();
    await stopped.start();
    expect([isAlive(stopped.pid() ?? 0), isAlive(killed.pid() ?? 0)]).toEqual([true, true]);
    await restarting.stopAll();
    await plain.stopAll();
    expect([stopped.pid(), killed.pid()]).toEqual([undefined, undefined]);
  });
  it('shows the end of the log of what ended before it was ready', async () => {
    const supervisor = new Supervisor({ log: () => undefined });
    await expect(supervisor.run(program('hopeless', 'console.error("no luck"); process.exit(3)', { ready: () => Promise.reject(new Error()) })))
      .rejects.toThrow(/hopeless ended \(exit code 3\) before it was ready; .*\n {4}no luck/s);
  });
  it('names a program that does not exist', async () => {
    const lines: string[] = [];
    await expect(new Supervisor({ log: line => lines.push(line) }).run(program('nobody', '', { command: '/no/such/program', whenParentIsGone: 'self', ready: () => Promise.reject(new Error()) }))).rejects.toThrow('nobody ended');
    expect(lines[0]).toContain('nobody cannot be started');
  });
  it('kills what is not ready in time, and what does not stop in time', async () => {
    const lines: string[] = [], supervisor = new Supervisor({ log: line => lines.push(line) });
    await expect(supervisor.run(program('slow', FOREVER, { ready: () => Promise.reject(new Error()), readySeconds: 0.2 }))).rejects.toThrow('slow was not ready within 0.2 s');
    const ready = join(folder, 'deaf.ready');
    const deaf = await supervisor.run(program('deaf', `process.on("SIGTERM", () => {}); require("fs").writeFileSync(${JSON.stringify(ready)}, ""); ${FOREVER}`, {
      stopSeconds: 0.2, ready: () => (existsSync(ready) ? Promise.resolve() : Promise.reject(new Error())),
    }));
    await deaf.stop();
    expect([deaf.pid(), lines]).toEqual([undefined, ['deaf did not stop within 0.2 s and is killed']]);
  });
  it('takes everything down with it when it is killed -9, and its lock is free', async () => {
    const parent = spawn(process.execPath, [builtFile('tools/local-stack/supervisor.fixture.ts'), folder], { stdio: ['ignore', 'pipe', 'inherit'] });
    const [line] = await once(parent.stdout, 'data') as [Buffer];
    const pids: unknown = JSON.parse(line.toString());
    if (!Array.isArray(pids)) throw new Error('no process ids');
    expect(pids.map(Number).map(isAlive)).toEqual([true, true]);
    expect(() => takeLock(join(folder, 'lock'))).toThrow(LockHeld);
    parent.kill('SIGKILL');
    await until(() => !pids.map(Number).some(isAlive));
    takeLock(join(folder, 'lock'))();
  });
});

describe('a lock', () => {
  it('is given to the next when it is released', async () => {
    const file = join(folder, 'queue'), release = takeLock(file), waiting = jest.fn();
    const next = waitForLock(file, 10, waiting);
    await until(() => waiting.mock.calls.length > 0);
    release();
    (await next)();
    expect(waiting.mock.calls).toEqual([[process.pid]]);
  });
  it('of a process that is dead, or whose id is another\'s by now, is taken over', () => {
    const file = join(folder, 'stale');
    for (const text of ['99999999\n\n', `${String(process.pid)}\nanother boot 1\n`, '']) {
      writeFileSync(file, text);
      takeLock(file)();
    }
    expect(readdirSync(folder).filter(name => name.startsWith('stale'))).toEqual([]);
  });
  it('of a process that has ended and that nobody reaps, as in a container, is taken over', async () => {
    // The parent becomes a sleep, which never asks how its child ended.
    const parent = spawn('sh', ['-c', 'sleep 0.3 & cat /proc/$!/stat; exec sleep 60'], { stdio: ['ignore', 'pipe', 'inherit'] });
    const [stat] = await once(parent.stdout, 'data') as [Buffer];
    const file = join(folder, 'zombie'), pid = parseInt(stat.toString(), 10), start = stat.toString().split(') ')[1]?.split(' ')[19] ?? '';
    writeFileSync(file, `${String(pid)}\n${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()} ${start}\n`);
    expect(() => takeLock(file)).toThrow(LockHeld);
    await until(() => readFileSync(`/proc/${String(pid)}/stat`, 'utf8').includes(') Z '));
    takeLock(file)();
    parent.kill();
  });
});

it('a download that failed is not tried again for a day', async () => {
  const note = join(folder, 'thing.failed'), download = jest.fn(() => Promise.reject(new Error('unreachable')));
  await expect(downloadUnlessFailed(note, download)).resolves.toEqual({ missing: 'unreachable' });
  await expect(downloadUnlessFailed(note, download)).resolves.toMatchObject({ missing: expect.stringContaining('unreachable (not tried again within a day') as string });
  expect(download).toHaveBeenCalledTimes(1);
  utimesSync(note, new Date(0), new Date(0));
  await expect(downloadUnlessFailed(note, () => Promise.resolve(1))).resolves.toEqual({ value: 1 });
  expect(existsSync(note)).toBe(false);
});

describe('the official release of nats-server', () => {
  const name = `nats-server-v2.15.1-${process.platform}-${process.arch === 'x64' ? 'amd64' : process.arch}`;
  let archive: Buffer, sums: string, server: Server;
  const find = (cache: string) => {
    const address = server.address();
    return releasedNats(join(folder, cache), () => undefined, `http://127.0.0.1:${String(typeof address === 'object' && address ? address.port : 0)}`).find();
  };
  beforeAll(async () => {
    mkdirSync(join(folder, name));
    writeFileSync(join(folder, name, 'nats-server'), '#!/bin/sh\n', { mode: 0o755 });
    archive = execFileSync('tar', ['-C', folder, '-czf', '-', name]);
    server = createServer((request, response) => { response.end(request.url?.endsWith('/SHA256SUMS') === true ? sums : archive); }).listen(0, '127.0.0.1');
    await once(server, 'listening');
  });
  afterAll(() => { server.close(); });
  it('is taken with the published SHA-256, and kept', async () => {
    sums = `${'0'.repeat(64)}  other.tar.gz\n${createHash('sha256').update(archive).digest('hex')}  ${name}.tar.gz\n`;
    const program = join(folder, 'good', 'nats-server-2.15.1', 'nats-server');
    expect(await find('good')).toMatchObject({ value: { kind: 'nats-server', program }, reason: expect.stringContaining('release') as string });
    expect(readFileSync(program, 'utf8')).toBe('#!/bin/sh\n');
    expect(await find('good')).toMatchObject({ reason: expect.stringContaining('kept in') as string });
  });
  it.each([['another', `${'0'.repeat(64)}  ${name}.tar.gz\n`, 'has not the published SHA-256'], ['no', '', 'does not list']])('is refused with %s SHA-256', async (which, published, reason) => {
    sums = published;
    expect(await find(which)).toMatchObject({ missing: expect.stringContaining(reason) as string });
    expect(readdirSync(join(folder, which))).toEqual(['nats-server.failed']);
  });
});

describe('the secrets of a data folder', () => {
  it('are random for each, kept for the next start, and readable by their owner only', () => {
    const [a, b] = ['secrets-a', 'secrets-b'].map(name => join(folder, name)), of = (dir = '') => { const made = makeSecrets(dir); return [made.busPassword('token-service'), made.serviceSecret('audit-service'), made.keys, made.serviceHashes]; };
    const first = of(a);
    expect(of(a)).toEqual(first);
    expect(new Set([...first, ...of(b)]).size).toBe(8);
    expect(statSync(join(a ?? '', 'secrets.json')).mode & 0o777).toBe(0o600);
  });
  it('have a service more that was added, and keep it', () => {
    const dir = join(folder, 'secrets-c'), before = makeSecrets(dir), added = makeSecrets(dir, { addService: 'shop' }), again = makeSecrets(dir);
    expect([before.added, added.added, again.added]).toEqual([[], ['shop'], ['shop']]);
    expect([again.busPassword('shop'), again.serviceSecret('shop'), again.busPassword('token-service')]).toEqual([added.busPassword('shop'), added.serviceSecret('shop'), before.busPassword('token-service')]);
    expect(again.serviceHashes).toContain(`shop:${createHash('sha256').update(again.serviceSecret('shop')).digest('hex')}`);
    for (const name of ['shop', 'audit-service', 'a.b']) expect(() => makeSecrets(dir, { addService: name })).toThrow(RangeError);
    expect(makeSecrets(dir).added).toEqual(['shop']);
  });
  it('that cannot be read stop the start', () => {
    const dir = join(folder, 'secrets-a');
    writeFileSync(join(dir, 'secrets.json'), '{}');
    expect(() => makeSecrets(dir)).toThrow('secrets.json cannot be read');
  });
});

describe('the servers', () => {
  const dataDir = join(folder, 'data'), lines: string[] = [];
  let servers: RunningServers;
  const start = async () => { servers = await startServers({ dataDir, log: line => lines.push(line) }); };
  const mongo = () => Number(/:(\d+)\//.exec(servers.mongodbUri('x'))?.[1]);
  beforeAll(start, 300_000);
  afterAll(() => servers.stop());
  const publish = async () => {
    const bus = await connectNats({ servers: servers.natsUrl, user: 'token-service', pass: servers.busPassword('token-service'), inboxPrefix: inboxOf('token-service') });
    try { return (await jetstream(bus).publish('strowger.events.token.issued', '[]')).seq; } finally { await bus.close(); }
  };
  const reachable = (port: number, host: string) => new Promise<boolean>(resolve => {
    const socket = connect({ port, host, timeout: 1000 }, () => { socket.destroy(); resolve(true); });
    socket.on('error', () => { resolve(false); }).on('timeout', () => { socket.destroy(); resolve(false); });
  });

  it('are announced with their source and the reason', () => {
    expect(lines.filter(line => /^(MongoDB|nats-server): .+ \(.+\)$/.test(line))).toHaveLength(2);
  });
  it('S80: let nobody onto the bus without a user and its password', async () => {
    await expect(connectNats({ servers: servers.natsUrl, reconnect: false })).rejects.toThrow(/authorization violation/i);
    await expect(connectNats({ servers: servers.natsUrl, user: 'token-service', pass: servers.busPassword('audit-service'), reconnect: false })).rejects.toThrow(/authorization violation/i);
  });
  it('S80: listen on loopback only', async () => {
    const ports = [mongo(), Number(new URL(servers.natsUrl).port), Number(new URL(servers.natsMonitorUrl).port)];
    const outside = Object.values(networkInterfaces()).flat().find(address => address?.family === 'IPv4' && !address.internal)?.address ?? '127.0.0.2';
    for (const port of ports) expect([await reachable(port, '127.0.0.1'), await reachable(port, outside)]).toEqual([true, false]);
  });
  it('keep the bus\'s passwords in files that only their owner reads', () => {
    for (const file of ['secrets.json', 'nats/nats-server.conf']) expect(statSync(join(dataDir, file)).mode & 0o077).toBe(0);
  });
  it('are not started twice on one data folder', async () => {
    await expect(startServers({ dataDir, log: () => undefined })).rejects.toThrow(`in use by process ${String(process.pid)}`);
    expect(await reachable(mongo(), '127.0.0.1')).toBe(true);
  });
  it('keep what they acknowledged through kill -9 and through another start, on other ports', async () => {
    expect(await mongoCommand(mongo(), { insert: 'kept', documents: [{ _id: 1 }], $db: 'x' })).toMatchObject({ ok: 1, n: 1 });
    const sequence = await publish();
    for (const server of [servers.nats, servers.databaseGateway ?? servers.database, servers.database]) {
      server.kill('SIGKILL');
      await until(() => server.pid() === undefined);
      await server.start();
    }
    expect(await publish()).toBe(sequence + 1);
    const before = mongo();
    await servers.stop();
    expect(await reachable(before, '127.0.0.1')).toBe(false);
    await start();
    expect(mongo()).not.toBe(before);
    expect(await mongoCommand(mongo(), { count: 'kept', $db: 'x' })).toMatchObject({ n: 1 });
    expect(await publish()).toBe(sequence + 2);
  });
  it('write no password into a log', () => {
    const logs = readdirSync(join(dataDir, 'logs')).map(name => readFileSync(join(dataDir, 'logs', name), 'utf8')).join('');
    expect(logs).not.toContain(servers.busPassword('token-service'));
    expect(lines.join('\n')).not.toContain(servers.busPassword('token-service'));
  });
});

it('free ports lie below those that systems give to outgoing connections, and none is given twice', async () => {
  const ports = await Promise.all(Array.from({ length: 20 }, freePort));
  expect(new Set(ports).size).toBe(20);
  expect(Math.max(...ports)).toBeLessThan(32_768);
});
