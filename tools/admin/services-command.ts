import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { nameFor } from '../compose/deployment-values';
import { writeSecretFile } from '../compose/environment-file';
import { writeDeployment } from '../compose/write-deployment';
import { guardEnvironmentText, serviceEnvironmentFile } from '../local-stack/added-services';
import { LockHeld, takeLock } from '../local-stack/process-lock';
import { repositoryRoot } from '../local-stack/repository-root';
import { makeSecrets, secretsFile } from '../local-stack/secrets';

export const USAGE = `npm run admin -- services add NAME [--data DIR] [--compose]

Lets a service in that is not the deployment's own: a bus user that may follow the revocation feed and announce
scopes, and a credential for introspection. What its environment needs is written to a file (mode 0600).

  --data DIR   the data folder of the local stack (default .strowger/data); one that runs lets the service in at
               once, the bus by reading its users anew, token-service by starting again
  --compose    of the deployment by docker compose instead: .env and the bus's configuration are written anew
  --help       this text
`;

const LET_IN_SECONDS = 60, LOOK_EVERY_MS = 100;
const say = (text: string): void => { process.stdout.write(`${text}\n`); };

interface Asked { readonly name: string; readonly data: string; readonly compose: boolean }

/** What follows `services` on the command line; resolves with the exit code: 2 for what makes no sense, 1 for what does not work. */
export async function servicesCommand(typed: readonly string[], root: string = repositoryRoot): Promise<number> {
  const asked = parsed(typed);
  if (asked === 'help') { say(USAGE); return 0; }
  if (typeof asked === 'string') { process.stderr.write(`${asked}\n\n${USAGE}`); return 2; }
  try {
    if (asked.compose) addToCompose(asked.name, root); else await addToLocalStack(asked.name, resolve(root, asked.data));
    return 0;
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    return 1;
  }
}

function parsed(typed: readonly string[]): Asked | string {
  try {
    const { positionals, values } = parseArgs({ args: [...typed], allowPositionals: true, options: { data: { type: 'string' }, compose: { type: 'boolean' }, help: { type: 'boolean' } } });
    if (values.help === true || typed.length === 0) return 'help';
    const [verb, name, ...more] = positionals;
    if (verb !== 'add' || name === undefined || more.length > 0) return `there is no command services ${positionals.join(' ')}`;
    if (values.compose === true && values.data !== undefined) return '--data does not go with --compose';
    return { name, data: values.data ?? join('.strowger', 'data'), compose: values.compose === true };
  } catch (error) { return error instanceof Error ? error.message : String(error); }
}

function addToCompose(name: string, root: string): void {
  if (!existsSync(join(root, '.env'))) throw new Error('there is no .env: run "npm run compose:env" first');
  const { values } = writeDeployment(root, { addService: name }), file = join(root, '.strowger', 'compose', 'services', `${name}.env`);
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  writeSecretFile(file, guardEnvironmentText({
    name, secret: values.get(nameFor('SERVICE_SECRET', name)) ?? '', busPassword: values.get(nameFor('NATS_PASSWORD', name)) ?? '', natsUrl: 'nats://nats:4222', frontUrl: values.get('STROWGER_ISSUER') ?? '',
  }));
  say(`${name} is added; its environment is in ${file} (NATS_URL as containers of this deployment's network reach it)`);
  say('next: docker compose kill -s HUP nats && docker compose up -d token-service');
}

async function addToLocalStack(name: string, data: string): Promise<void> {
  if (!existsSync(secretsFile(data))) throw new Error(`${data} is no data folder of a local stack: run npm start once, or name its folder with --data`);
  const file = serviceEnvironmentFile(data, name);
  makeSecrets(data, name);
  rmSync(file, { force: true });
  if (!isRunning(data)) { say(`${name} is added; the next npm start lets it in and writes ${file}`); return; }
  for (const end = Date.now() + LET_IN_SECONDS * 1000; !existsSync(file);) {
    if (Date.now() > end) throw new Error(`the running stack has not let ${name} in within ${String(LET_IN_SECONDS)} s; its next start will`);
    await pause(LOOK_EVERY_MS);
  }
  say(`${name} is let in; its environment is in ${file}`);
}

function isRunning(data: string): boolean {
  try {
    const release = takeLock(join(data, 'in-use'));
    release();
    return false;
  } catch (error) {
    if (error instanceof LockHeld) return true;
    throw error;
  }
}
