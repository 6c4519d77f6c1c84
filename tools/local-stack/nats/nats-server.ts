import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { busUsers } from '@strowger/contracts/bus-users';
import { inheritedEnvironment } from '../local-stack.config';
import { natsConfig } from '../nats-config';
import { Supervised, Supervisor } from '../supervisor';

const MAX_MEMORY_STORE = 64 * 1024 ** 2, MAX_FILE_STORE = 4 * 1024 ** 3;

/** Runs a nats-server on 127.0.0.1 with a generated configuration (mode 0600: it holds the users' passwords). */
export function startNats(program: string, options: {
  dataDir: string; port: number; monitorPort: number; passwordOf: (user: string) => string; supervisor: Supervisor;
}): Promise<Supervised> {
  const { dataDir, port, monitorPort, passwordOf, supervisor } = options;
  const folder = join(dataDir, 'nats'), file = join(folder, 'nats-server.conf');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  writeFileSync(file, natsConfig({
    name: 'strowger-local', host: '127.0.0.1', port, monitorHost: '127.0.0.1', monitorPort, storeDirectory: join(folder, 'store'),
    maxMemoryStore: MAX_MEMORY_STORE, maxFileStore: MAX_FILE_STORE, users: busUsers(), passwordOf,
  }), { mode: 0o600 });
  return supervisor.run({
    name: 'nats-server', command: program, args: ['--config', file], env: inheritedEnvironment,
    logFile: join(dataDir, 'logs', 'nats-server.log'), whenParentIsGone: 'TERM', stopSignal: 'SIGTERM', stopSeconds: 15, readySeconds: 60,
    ready: async () => {
      const answer = await fetch(`http://127.0.0.1:${String(monitorPort)}/healthz`, { signal: AbortSignal.timeout(2000) });
      if (!answer.ok) throw new Error('not yet');
    },
  });
}
