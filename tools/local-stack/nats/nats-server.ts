import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { busUsers } from '@strowger/contracts/bus-users';
import { inheritedEnvironment } from '../local-stack.config';
import { natsConfig } from '../nats-config';
import { Supervised, Supervisor } from '../supervisor';

const MAX_MEMORY_STORE = 64 * 1024 ** 2, MAX_FILE_STORE = 4 * 1024 ** 3;

interface NatsOptions { readonly dataDir: string; readonly port: number; readonly monitorPort: number; readonly passwordOf: (user: string) => string; readonly added: readonly string[] }

const fileOf = (dataDir: string): string => join(dataDir, 'nats', 'nats-server.conf');

/** Writes the configuration of the local nats-server (mode 0600: it holds the users' passwords); one that runs reads it anew at SIGHUP. */
export function writeNatsConfig({ dataDir, port, monitorPort, passwordOf, added }: NatsOptions): void {
  const file = fileOf(dataDir), fresh = `${file}.new`;
  mkdirSync(join(dataDir, 'nats'), { recursive: true, mode: 0o700 });
  writeFileSync(fresh, natsConfig({
    name: 'strowger-local', host: '127.0.0.1', port, monitorHost: '127.0.0.1', monitorPort, storeDirectory: join(dataDir, 'nats', 'store'),
    maxMemoryStore: MAX_MEMORY_STORE, maxFileStore: MAX_FILE_STORE, users: busUsers(added), passwordOf,
  }), { mode: 0o600 });
  renameSync(fresh, file);
}

/** Runs a nats-server on 127.0.0.1 with a generated configuration (mode 0600: it holds the users' passwords). */
export function startNats(program: string, options: NatsOptions & { readonly supervisor: Supervisor }): Promise<Supervised> {
  const { dataDir, monitorPort, supervisor } = options;
  writeNatsConfig(options);
  return supervisor.run({
    name: 'nats-server', command: program, args: ['--config', fileOf(dataDir)], env: inheritedEnvironment,
    logFile: join(dataDir, 'logs', 'nats-server.log'), whenParentIsGone: 'TERM', stopSignal: 'SIGTERM', stopSeconds: 15, readySeconds: 60,
    ready: async () => {
      const answer = await fetch(`http://127.0.0.1:${String(monitorPort)}/healthz`, { signal: AbortSignal.timeout(2000) });
      if (!answer.ok) throw new Error('not yet');
    },
  });
}
