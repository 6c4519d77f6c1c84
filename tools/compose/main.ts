import { repositoryRoot } from '../local-stack/repository-root';
import { NATS_CONFIG } from './deployment-values';
import { Asked, HELP, parseOptions } from './options';
import { writeDeployment } from './write-deployment';

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
  const { values, made, changed, kept } = writeDeployment(repositoryRoot, asked);
  say(`.env and ${NATS_CONFIG}: ${String(made)} values made, ${String(changed)} changed, ${String(kept)} kept`);
  say(`front door: ${values.get('STROWGER_ISSUER') ?? ''}, published on ${values.get('STROWGER_FRONT_BIND') ?? ''}:${values.get('STROWGER_FRONT_PORT') ?? ''}`);
  say('next: docker compose up --build --wait');
}

const asked = parsed();
if (asked.help) say(HELP);
else try { write(asked); } catch (error) { refuse(1, messageOf(error)); }
