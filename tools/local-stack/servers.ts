import { existsSync, mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { provisionStream } from '@strowger/messaging/provision-stream';
import { freePort } from './free-port';
import { localStackConfig as config } from './local-stack.config';
import { configuredMongodb, foreignServer, withDatabase } from './mongodb/configured-mongodb';
import { debianDocumentdb } from './mongodb/debian-documentdb';
import { startDocumentdb } from './mongodb/documentdb-server';
import { downloadedMongod } from './mongodb/downloaded-mongod';
import { installedMongod } from './mongodb/installed-mongod';
import { startMongod } from './mongodb/mongod-server';
import { MongodbProgram, RunningDatabase } from './mongodb/mongodb-program';
import { configuredNats } from './nats/configured-nats';
import { debianNats } from './nats/debian-nats';
import { installedNats } from './nats/installed-nats';
import { startNats, writeNatsConfig } from './nats/nats-server';
import { releasedNats } from './nats/released-nats';
import { LockHeld, takeLock } from './process-lock';
import { makeSecrets } from './secrets';
import { firstSource, Source } from './source';
import { Supervised, Supervisor } from './supervisor';

type Log = (line: string) => void;
/** MongoDB and NATS, running. */
export interface RunningServers {
  /** The full URI of a database of that name. */
  readonly mongodbUri: (database: string) => string;
  readonly natsUrl: string;
  /** Empty where the bus is somebody else's and `NATS_MONITOR_URL` is not set. */
  readonly natsMonitorUrl: string;
  /** @throws Error - there is no such bus user */
  readonly busPassword: (user: string) => string;
  readonly database: Supervised;
  /** DocumentDB's front, which speaks MongoDB's wire protocol. */
  readonly databaseGateway?: Supervised;
  readonly nats: Supervised;
  /** Lets the users in who were added to the secrets since; nobody is dropped. */
  readonly reloadUsers: () => void;
  readonly stop: () => Promise<void>;
}
export interface ServerOptions {
  /** Folder of the data, kept between runs; one process at a time. */
  readonly dataDir: string;
  readonly log: Log;
  /** Free ones where nothing is said. */
  readonly ports?: { readonly mongodb?: number; readonly nats?: number; readonly natsMonitor?: number };
  /** Runs the servers; without one they run unsupervised: what dies stays dead until its `start()`. */
  readonly supervisor?: Supervisor;
}

/** Data of an earlier run are read by the program that wrote them. */
function mongodbSources(dataDir: string, log: Log): Source<MongodbProgram>[] {
  const configured = configuredMongodb(config.mongodbUri), debian = debianDocumentdb(config.cacheDirectory, log);
  const mongods = [installedMongod(config.path), downloadedMongod(config.cacheDirectory, log)];
  if (existsSync(join(dataDir, 'mongod'))) return [configured, ...mongods];
  return existsSync(join(dataDir, 'documentdb')) ? [configured, debian] : [configured, ...mongods, debian];
}

async function startDatabase(dataDir: string, port: number | undefined, supervisor: Supervisor, log: Log): Promise<RunningDatabase> {
  const install = 'Install MongoDB 7 or newer (mongod on PATH), or set MONGODB_URI to a replica set.';
  const found = await firstSource('MongoDB', mongodbSources(dataDir, log), install, log);
  if (found.kind === 'external') return { uri: database => withDatabase(found.uri, database), database: foreignServer('MongoDB') };
  const options = { dataDir, supervisor, port: port ?? await freePort() };
  return found.kind === 'mongod' ? startMongod(found.program, options) : startDocumentdb(found.prefix, options);
}

async function startBus({ dataDir, ports, log }: ServerOptions, supervisor: Supervisor) {
  const { natsUrl, natsPasswords, cacheDirectory, path, natsMonitorUrl = '' } = config;
  const sources = [configuredNats(natsUrl, natsPasswords), installedNats(path), releasedNats(cacheDirectory, log), debianNats(cacheDirectory, log)];
  const found = await firstSource('nats-server', sources, 'Install nats-server 2.12 or newer on PATH, or set NATS_URL and NATS_PASSWORDS.', log);
  if (found.kind === 'external') {
    return { url: found.url, monitorUrl: natsMonitorUrl, passwordOf: (user: string) => natsPasswords.get(user) ?? '', nats: foreignServer('NATS'), reloadUsers: () => { log('NATS is somebody else\'s: make the user of a service that was added there, with the permissions of a guard, and remove that of one that was removed'); } };
  }
  const port = ports?.nats ?? await freePort(), monitorPort = ports?.natsMonitor ?? await freePort();
  // Read anew each time: a service may be added while the bus runs.
  const passwordOf = (user: string): string => makeSecrets(dataDir).busPassword(user);
  const settings = () => ({ dataDir, port, monitorPort, passwordOf, added: makeSecrets(dataDir).added });
  const nats = await startNats(found.program, { ...settings(), supervisor });
  const reloadUsers = (): void => { writeNatsConfig(settings()); nats.kill('SIGHUP'); };
  return { url: `nats://127.0.0.1:${String(port)}`, monitorUrl: `http://127.0.0.1:${String(monitorPort)}`, passwordOf, nats, reloadUsers };
}

function lockData(dataDir: string): () => void {
  try { return takeLock(join(dataDir, 'in-use')); } catch (error) {
    if (!(error instanceof LockHeld)) throw error;
    throw new Error(`${dataDir} is in use by process ${String(error.pid)}: stop that one, or choose another folder with --data`, { cause: error });
  }
}

/**
 * Finds or gets MongoDB and nats-server, starts them, and makes the stream and its consumer. The chosen sources are logged
 * with the reason.
 * @throws Error - no source works (it says what each answered), or something did not start; whatever was started is stopped
 */
export async function startServers(options: ServerOptions): Promise<RunningServers> {
  const { log, ports } = options, dataDir = resolve(options.dataDir);
  const supervisor = options.supervisor ?? new Supervisor({ log });
  mkdirSync(dataDir, { recursive: true, mode: 0o711 });
  const release = lockData(dataDir);
  const stop = async (): Promise<void> => { await supervisor.stopAll(); release(); };
  try {
    const { uri, database, gateway } = await startDatabase(dataDir, ports?.mongodb, supervisor, log);
    const { url, monitorUrl, passwordOf, nats, reloadUsers } = await startBus({ ...options, dataDir }, supervisor);
    await provisionStream({ url, user: 'provisioner', password: passwordOf('provisioner') });
    return { mongodbUri: uri, natsUrl: url, natsMonitorUrl: monitorUrl, busPassword: passwordOf, database, nats, reloadUsers, stop, ...(gateway && { databaseGateway: gateway }) };
  } catch (error) { await stop(); throw error; }
}
