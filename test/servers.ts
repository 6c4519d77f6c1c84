import { ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface TestServers { mongodbUri: string; natsUrl: string; busPassword(user: string): string; nats: { kill(signal: NodeJS.Signals): void; start(): Promise<void>; stop(): Promise<void> }; stop(): Promise<void> }
const freePort = () => new Promise<number>((ok, fail) => { const s = createServer().on('error', fail).listen(0, '127.0.0.1', () => { const a = s.address(); s.close(() => { ok(typeof a === 'object' && a ? a.port : 0); }); }); });

/** PLACEHOLDER until the local stack's API is there: a private nats-server with per-user permissions, and a private database name. */
export async function serversFor(name: string): Promise<TestServers> {
  const { busUsers } = await import('../libs/contracts/src/bus-users');
  const dir = mkdtempSync(join(tmpdir(), `strowger-${name}-`));
  const port = await freePort();
  const list = (a: readonly string[]) => JSON.stringify(a);
  const users = busUsers().map(u => `{ user: ${u.name}, password: "pw-${u.name}", permissions: { publish: { allow: ${list(u.publish)}, deny: ${list(u.denyPublish)} }, subscribe: { allow: ${list(u.subscribe)} } } }`).join('\n');
  writeFileSync(join(dir, 'nats.conf'), `listen: 127.0.0.1:${port}\nmax_payload: 1MB\njetstream { store_dir: "${dir}/js", max_mem: 64MB, max_file: 1GB, sync_interval: always }\naccounts { STROWGER_APP { jetstream: enabled, users: [${users}] } }\n`);
  let child: ChildProcess | undefined;
  const nats = {
    start: () => new Promise<void>((ok, fail) => {
      const c = child = spawn('/tmp/ref-db/bin/nats-server', ['-c', join(dir, 'nats.conf')], { stdio: ['ignore', 'ignore', 'pipe'] });
      c.on('error', fail);
      c.stderr?.on('data', (d: Buffer) => { if (String(d).includes('Server is ready')) ok(); });
    }),
    kill: (signal: NodeJS.Signals) => { child?.kill(signal); },
    stop: () => new Promise<void>(ok => { const c = child; if (!c || c.exitCode !== null || c.signalCode) { ok(); return; } c.on('exit', () => { ok(); }); c.kill('SIGTERM'); }),
  };
  await nats.start();
  return { mongodbUri: `mongodb://127.0.0.1:27117/${name}_${Date.now().toString(36)}`, natsUrl: `nats://127.0.0.1:${port}`, busPassword: user => `pw-${user}`, nats, stop: async () => { await nats.stop(); rmSync(dir, { recursive: true, force: true }); } };
}
