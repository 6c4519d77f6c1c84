import { join, relative } from 'node:path';
import { setDemoAside } from '../demo/demo-values';
import { runDemo } from '../demo/run-demo';
import { AddedServices } from './added-services';
import { writeAdminEnvironment } from './admin-environment';
import { localStackConfig } from './local-stack.config';
import { databaseOf } from './mongodb/configured-mongodb';
import { HELP, Options, parseOptions } from './options';
import { freePort, isFree, nextFreePort } from './free-port';
import { watchNpm } from './parent-watch';
import { repositoryRoot } from './repository-root';
import { makeSecrets } from './secrets';
import { startServers } from './servers';
import { serviceEnvironment, services, Stack, startService } from './service-environment';
import { Supervisor } from './supervisor';

const FRONT_PORT = 8080, DATABASE = 'strowger';
const startedAt = performance.now();
const say = (line: string): void => { process.stdout.write(`${line}\n`); };
const seconds = (): string => ((performance.now() - startedAt) / 1000).toFixed(1);
const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

const supervisor = new Supervisor({ log: say, restart: { gaveUp: reason => { void end(1, reason.message); } } });
let stopServers = (): Promise<void> => supervisor.stopAll();
let ending = false;
async function end(exitCode: number, why: string): Promise<void> {
  if (ending) return;
  ending = true;
  if (exitCode === 0) say(why);
  else process.stderr.write(`${why}\n`);
  await stopServers().catch((error: unknown) => { process.stderr.write(`while stopping: ${messageOf(error)}\n`); });
  if (exitCode === 0) say('stopped');
  process.exit(exitCode);
}

/** The first signal stops all in order; with the second this process goes at once, and takes the others with it. */
function interrupted(): void {
  if (ending) process.exit(1);
  void end(0, 'stopping (once more to stop at once)');
}

async function frontPort(asked: number | undefined): Promise<number> {
  if (asked === undefined) return nextFreePort(FRONT_PORT);
  if (await isFree(asked)) return asked;
  throw new Error(`port ${String(asked)} is taken: choose another one with --port`);
}

async function start(options: Options): Promise<void> {
  const { dataDir } = options, port = await frontPort(options.port), frontUrl = `http://localhost:${String(port)}`;
  const servers = await startServers({ dataDir, log: say, supervisor });
  stopServers = servers.stop;
  if (options.demo) setDemoAside(dataDir);
  const stack: Stack = {
    servers, secrets: makeSecrets(dataDir), logsDirectory: join(dataDir, 'logs'),
    database: databaseOf(localStackConfig.mongodbUri ?? '') ?? DATABASE,
    ports: {
      'token-service': await freePort(), 'app-registry-service': await freePort(), 'scope-service': await freePort(),
      'audit-service': await freePort(), 'pbx-api-service': await freePort(), 'portal-service': port,
    },
  };
  say(`starting ${services.join(', ')} (logs: ${relative(process.cwd(), stack.logsDirectory) || '.'})`);
  const started = new Map(await Promise.all(services.map(async name => [name, await startService(name, stack, supervisor)] as const)));
  const added = new AddedServices({ dataDir, frontUrl, stack, reloadUsers: servers.reloadUsers, log: say, restartTokenService: async secrets => {
    await started.get('token-service')?.stop();
    started.set('token-service', await startService('token-service', { ...stack, secrets }, supervisor));
  } });
  writeAdminEnvironment(dataDir, 'admin.env', serviceEnvironment('app-registry-service', stack));
  writeAdminEnvironment(dataDir, 'admin.token-service.env', serviceEnvironment('token-service', stack));
  const demo = options.demo ? await runDemo({ frontUrl, dataDir, environmentOf: name => serviceEnvironment(name, stack), log: say }) : undefined;
  added.start();
  stopServers = async () => { added.stop(); demo?.stop(); await servers.stop(); };
  for (const line of [`ready after ${seconds()} s`, `  front door  ${frontUrl}`, `  tokens      ${frontUrl}/oauth/token`, `  audit       ${frontUrl}/api/audit/events`, `  PBX         ${frontUrl}/api/rest, ${frontUrl}/api/gql`, ...demo?.lines ?? []]) say(line);
  say('Ctrl-C stops everything.');
}

async function main(): Promise<void> {
  let options: Options;
  try { options = parseOptions(process.argv.slice(2), repositoryRoot); } catch (error) {
    process.stderr.write(`${messageOf(error)}\n\n${HELP}\n`);
    process.exit(2);
  }
  if (options.help) { say(HELP); return; }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => { interrupted(); });
  if (localStackConfig.startedByNpm) watchNpm(() => { void end(1, 'npm is gone: stopping'); });
  await start(options).catch((error: unknown) => end(1, messageOf(error)));
}
void main();
