import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { repositoryRoot } from '../local-stack/repository-root';
import { busConfiguration } from './bus-configuration';
import { deploymentValues, NATS_CONFIG } from './deployment-values';
import { environmentText, readEnvironment, writeSecretFile } from './environment-file';
import { Asked, HELP, parseOptions } from './options';

const say = (line: string): void => { process.stdout.write(`${line}\n`); };
function refuse(exitCode: number, why: string): never {
  process.stderr.write(`${why}\n`);
  process.exit(exitCode);
}
const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

function parsed(): Asked {
  try { return parseOptions(process.argv.slice(2)); } catch (error) { return refuse(2, `${messageOf(error)}\n\n${HELP}`); }
}

function write(asked: Asked): void {
  const file = join(repositoryRoot, '.env'), natsFile = join(repositoryRoot, NATS_CONFIG);
  const before = readEnvironment(file), values = deploymentValues(before.values, asked), bus = busConfiguration(values);
  mkdirSync(dirname(natsFile), { recursive: true, mode: 0o700 });
  writeSecretFile(natsFile, bus);
  writeSecretFile(file, environmentText(before, values));
  const made = [...values.keys()].filter(name => !before.values.has(name)), changed = [...values].filter(([name, value]) => before.values.has(name) && before.values.get(name) !== value);
  say(`.env and ${NATS_CONFIG}: ${String(made.length)} values made, ${String(changed.length)} changed, ${String(values.size - made.length - changed.length)} kept`);
  say(`front door: ${values.get('STROWGER_ISSUER') ?? ''}, published on ${values.get('STROWGER_FRONT_BIND') ?? ''}:${values.get('STROWGER_FRONT_PORT') ?? ''}`);
  say('next: docker compose up --build --wait');
}

const asked = parsed();
if (asked.help) say(HELP);
else try { write(asked); } catch (error) { refuse(1, messageOf(error)); }
