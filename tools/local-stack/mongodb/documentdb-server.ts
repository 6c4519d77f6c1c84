import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Client } from 'pg';
import { freePort } from '../free-port';
import { inheritedEnvironment } from '../local-stack.config';
import { mongoCommand } from '../mongo-command';
import { builtFile, repositoryRoot } from '../repository-root';
import { Supervisor } from '../supervisor';
import { RunningDatabase } from './mongodb-program';

const GATEWAY = 'tools/local-stack/documentdb/gateway/main.ts';
const GATEWAY_SQL = join(repositoryRoot, 'tools/local-stack/documentdb/gateway/gateway.sql');

/** Runs Debian's PostgreSQL with DocumentDB, and the gateway that speaks MongoDB's wire protocol, both on 127.0.0.1. */
export async function startDocumentdb(prefix: string, { dataDir, port, supervisor }: { dataDir: string; port: number; supervisor: Supervisor }): Promise<RunningDatabase> {
  const folder = join(dataDir, 'documentdb'), postgresPort = await freePort();
  if (!existsSync(builtFile(GATEWAY))) throw new Error(`${builtFile(GATEWAY)} is missing: run npm run build`);
  if (!existsSync(folder)) await promisify(execFile)(join(prefix, 'bin/pg-new'), [folder]);
  const database = await supervisor.run({
    name: 'postgres', command: join(prefix, 'bin/pg-run'), args: [folder, String(postgresPort)], env: inheritedEnvironment,
    logFile: join(dataDir, 'logs', 'postgres.log'), whenParentIsGone: 'INT', stopSignal: 'SIGINT', stopSeconds: 20, readySeconds: 60,
    ready: () => setUp(postgresPort),
  });
  const gateway = await supervisor.run({
    name: 'documentdb gateway', command: process.execPath, args: ['--enable-source-maps', builtFile(GATEWAY)],
    env: { ...inheritedEnvironment, PORT: String(port), PGPORT: String(postgresPort), STROWGER_PARENT_PIPE: '1' },
    logFile: join(dataDir, 'logs', 'documentdb-gateway.log'), whenParentIsGone: 'self', stopSignal: 'SIGTERM', stopSeconds: 5, readySeconds: 30,
    ready: async () => { if ((await mongoCommand(port, { listCollections: 1, $db: 'admin' }))['ok'] !== 1) throw new Error('not yet'); },
  });
  return { database, gateway, uri: name => `mongodb://127.0.0.1:${String(port)}/${name}?replicaSet=rs0` };
}

async function setUp(port: number): Promise<void> {
  const client = new Client({ host: '127.0.0.1', port, user: 'postgres', database: 'postgres', connectionTimeoutMillis: 2000 });
  client.on('error', () => undefined);
  await client.connect();
  try { await client.query(readFileSync(GATEWAY_SQL, 'utf8')); } finally { await client.end(); }
}
