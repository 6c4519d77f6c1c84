import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { addedServices, nameFor } from '../compose/deployment-values';
import { readEnvironment, writeSecretFile } from '../compose/environment-file';
import { writeDeployment } from '../compose/write-deployment';
import { guardEnvironmentText, serviceEnvironmentFile } from '../local-stack/added-services';
import { LockHeld, takeLock } from '../local-stack/process-lock';
import { repositoryRoot } from '../local-stack/repository-root';
import { addedServicesOf, makeSecrets, secretsFile } from '../local-stack/secrets';

export const USAGE = `npm run admin -- services add NAME [--data DIR] [--compose]
npm run admin -- services remove NAME [--data DIR] [--compose]
npm run admin -- services list [--data DIR] [--compose]

add lets a service in that is not the deployment's own: a bus user that may follow the revocation feed and announce
scopes, and a credential for introspection. What its environment needs is written to a file (mode 0600).
remove withdraws both, and the file; added again, the service gets others. What it announced is shown as withdrawn
once it has been silent for a while. list names those that were added and their files, a line each.

  --data DIR   the data folder of the local stack (default .strowger/data); one that runs lets the service in, or turns it
               out, at once: the bus by reading its users anew, token-service by starting again
  --compose    of the deployment by docker compose instead: .env and the bus's configuration are written anew
  --help       this text
`;

const WITHIN_SECONDS = 60, LOOK_EVERY_MS = 100;
const say = (text: string): void => { process.stdout.write(`${text}\n`); };

interface Asked { readonly verb: 'add' | 'remove' | 'list'; readonly name: string; readonly data: string; readonly compose: boolean }

/** What follows `services` on the command line; resolves with the exit code: 2 for what makes no sense, 1 for what does not work. */
export async function servicesCommand(typed: readonly string[], root: string = repositoryRoot): Promise<number> {
  const asked = parsed(typed);
  if (asked === 'help') { say(USAGE); return 0; }
  if (typeof asked === 'string') { process.stderr.write(`${asked}\n\n${USAGE}`); return 2; }
  const { verb, name, compose } = asked, data = resolve(root, asked.data);
  try {
    if (verb === 'list') list(compose ? root : data, compose);
    else if (verb === 'add') { if (compose) addToCompose(name, root); else await addToLocalStack(name, data); }
    else if (compose) removeFromCompose(name, root);
    else await removeFromLocalStack(name, data);
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
    if ((verb !== 'add' && verb !== 'remove' && verb !== 'list') || more.length > 0) return `there is no command services ${positionals.join(' ')}`;
    if ((name === undefined) !== (verb === 'list')) return verb === 'list' ? 'services list takes no name' : `services ${verb}: which one?`;
    if (values.compose === true && values.data !== undefined) return '--data does not go with --compose';
    return { verb, name: name ?? '', data: values.data ?? join('.strowger', 'data'), compose: values.compose === true };
  } catch (error) { return error instanceof Error ? error.message : String(error); }
}

const composeFile = (root: string, name: string): string => join(root, '.strowger', 'compose', 'services', `${name}.env`);
function assertDeployment(root: string): void {
  if (!existsSync(join(root, '.env'))) throw new Error('there is no .env: run "npm run compose:env" first');
}
function assertLocalStack(data: string): void {
  if (!existsSync(secretsFile(data))) throw new Error(`${data} is no data folder of a local stack: run npm start once, or name its folder with --data`);
}

function list(folder: string, compose: boolean): void {
  if (compose) assertDeployment(folder); else assertLocalStack(folder);
  const names = compose ? addedServices(readEnvironment(join(folder, '.env')).values) : addedServicesOf(folder);
  if (names.length === 0) process.stderr.write('no service was added\n');
  for (const name of names) say(`${name}\t${compose ? composeFile(folder, name) : serviceEnvironmentFile(folder, name)}`);
}

const sayNextOfCompose = (): void => { say('next: docker compose kill -s HUP nats && docker compose up -d token-service'); };

function addToCompose(name: string, root: string): void {
  assertDeployment(root);
  const { values } = writeDeployment(root, { addService: name }), file = composeFile(root, name);
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  writeSecretFile(file, guardEnvironmentText({
    name, secret: values.get(nameFor('SERVICE_SECRET', name)) ?? '', busPassword: values.get(nameFor('NATS_PASSWORD', name)) ?? '', natsUrl: 'nats://nats:4222', frontUrl: values.get('STROWGER_ISSUER') ?? '',
  }));
  say(`${name} is added; its environment is in ${file} (NATS_URL as containers of this deployment's network reach it)`);
  sayNextOfCompose();
}

function removeFromCompose(name: string, root: string): void {
  assertDeployment(root);
  writeDeployment(root, { removeService: name });
  rmSync(composeFile(root, name), { force: true });
  say(`${name} is removed; it is let in until the bus and token-service know`);
  sayNextOfCompose();
}

async function addToLocalStack(name: string, data: string): Promise<void> {
  assertLocalStack(data);
  const file = serviceEnvironmentFile(data, name);
  makeSecrets(data, { addService: name });
  rmSync(file, { force: true });
  if (!isRunning(data)) { say(`${name} is added; the next npm start lets it in and writes ${file}`); return; }
  await until(() => existsSync(file), `the running stack has not let ${name} in within ${String(WITHIN_SECONDS)} s; its next start will`);
  say(`${name} is let in; its environment is in ${file}`);
}

async function removeFromLocalStack(name: string, data: string): Promise<void> {
  assertLocalStack(data);
  const file = serviceEnvironmentFile(data, name);
  makeSecrets(data, { removeService: name });
  if (!isRunning(data)) { rmSync(file, { force: true }); say(`${name} is removed`); return; }
  await until(() => !existsSync(file), `the running stack has not turned ${name} out within ${String(WITHIN_SECONDS)} s; its next start will`);
  say(`${name} is turned out`);
}

/** @throws Error - it has not become so in time, with `otherwise` */
async function until(isSo: () => boolean, otherwise: string): Promise<void> {
  for (const end = Date.now() + WITHIN_SECONDS * 1000; !isSo();) {
    if (Date.now() > end) throw new Error(otherwise);
    await pause(LOOK_EVERY_MS);
  }
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
