import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeSecrets, Secrets } from '../tools/local-stack/secrets';
import { RunningServers, startServers } from '../tools/local-stack/servers';
import { Supervised } from '../tools/local-stack/supervisor';

/** A MongoDB and a nats-server of a test file's own: they may be killed, and nobody else's data is there. */
export interface TestServers {
  /** URI of this test's database. */
  readonly mongodbUri: string;
  readonly natsUrl: string;
  readonly natsMonitorUrl: string;
  readonly busPassword: (user: string) => string;
  readonly nats: Supervised;
  readonly database: Supervised;
  /** What the driver connects to: the gateway where there is one, else the database itself. */
  readonly databaseFront: Supervised;
  readonly running: RunningServers;
  readonly secrets: Secrets;
  readonly dataDir: string;
  readonly stop: () => Promise<void>;
}

/** Starts them; `name` becomes the database's. Fails loudly where a server cannot be had. */
export async function serversFor(name: string): Promise<TestServers> {
  const dataDir = mkdtempSync(join(tmpdir(), `strowger-${name}-`));
  const lines: string[] = [];
  const running = await startServers({ dataDir, log: line => lines.push(line) }).catch((error: unknown) => {
    throw new Error(`the servers of this test could not be started:\n${lines.join('\n')}`, { cause: error });
  });
  return {
    mongodbUri: running.mongodbUri(name), natsUrl: running.natsUrl, natsMonitorUrl: running.natsMonitorUrl, busPassword: running.busPassword,
    nats: running.nats, database: running.database, databaseFront: running.databaseGateway ?? running.database, running, secrets: makeSecrets(dataDir), dataDir,
    stop: async () => { await running.stop(); rmSync(dataDir, { recursive: true, force: true }); },
  };
}
