import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { inheritedEnvironment } from '../local-stack.config';
import { mongoCommand } from '../mongo-command';
import { Supervisor } from '../supervisor';
import { RunningDatabase } from './mongodb-program';

const ALREADY_INITIALIZED = 23;

/** Runs a mongod as a replica set of one (transactions need one) on 127.0.0.1. */
export async function startMongod(program: string, { dataDir, port, supervisor }: { dataDir: string; port: number; supervisor: Supervisor }): Promise<RunningDatabase> {
  const folder = join(dataDir, 'mongod'), host = `127.0.0.1:${String(port)}`;
  mkdirSync(folder, { recursive: true });
  const database = await supervisor.run({
    name: 'mongod', command: program, env: inheritedEnvironment,
    args: ['--dbpath', folder, '--port', String(port), '--bind_ip', '127.0.0.1', '--replSet', 'rs0', '--nounixsocket', '--wiredTigerCacheSizeGB', '0.5'],
    logFile: join(dataDir, 'logs', 'mongod.log'), whenParentIsGone: 'TERM', stopSignal: 'SIGTERM', stopSeconds: 30, readySeconds: 60,
    ready: async () => {
      const started = await mongoCommand(port, { replSetInitiate: { _id: 'rs0', members: [{ _id: 0, host }] }, $db: 'admin' });
      if (started['ok'] !== 1 && started['code'] !== ALREADY_INITIALIZED) throw new Error('not yet');
      await ownPort(port, host);
      if ((await mongoCommand(port, { hello: 1, $db: 'admin' }))['isWritablePrimary'] !== true) throw new Error('not yet');
    },
  });
  return { database, uri: name => `mongodb://${host}/${name}?replicaSet=rs0` };
}

/** The data remember the port they were made on: tell them today's, else the member does not find itself in its set. */
async function ownPort(port: number, host: string): Promise<void> {
  const { config } = await mongoCommand(port, { replSetGetConfig: 1, $db: 'admin' }) as { config?: { version: number; members: { host: string }[] } };
  const [member] = config?.members ?? [];
  if (!config || !member || member.host === host) return;
  const changed = { ...config, version: config.version + 1, members: [{ ...member, host }] };
  await mongoCommand(port, { replSetReconfig: changed, force: true, $db: 'admin' });
}
