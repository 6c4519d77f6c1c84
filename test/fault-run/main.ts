import { randomInt } from 'node:crypto';
import { services } from '../../tools/local-stack/service-environment';
import { eventually } from '../system';
import { Deployment } from './deployment';
import { faults } from './faults';
import { mutations, runMutation } from './mutations';
import { HELP, Options, parseOptions } from './options';
import { Phase, runPhase } from './phase';
import { SeededRandom } from './seeded-random';
import { isClean, Row, table } from './table';

const CONNECTIONS = 96, REST_SECONDS = 300, MAX_SEED = 2 ** 32;
const began = performance.now();
const tell = (text: string): void => { process.stdout.write(`${text}\n`); };
const log = (line: string): void => { process.stderr.write(`${((performance.now() - began) / 1000).toFixed(0).padStart(5)} s  ${line}\n`); };
const named = <T>(list: readonly T[], nameOf: (one: T) => string, only: string | undefined): T[] => {
  const chosen = list.filter(one => only === undefined || nameOf(one).includes(only));
  if (chosen.length === 0) throw new Error(`--only ${String(only)}: none of ${list.map(nameOf).join('; ')}`);
  return chosen;
};

/** All faults, one after another; the trail is judged at the end, when nothing is owed any more. */
async function runFaults(deployment: Deployment, { seed, only, short }: Options): Promise<boolean> {
  const chosen = named(new SeededRandom(seed, 'order').shuffled(faults), fault => fault.name, only);
  await deployment.run('token-service');
  await Promise.all(services.filter(service => service !== 'token-service').map(service => deployment.run(service)));
  log('two of every service run');
  const phases: Phase[] = [];
  let notRecovered = 0;
  for (const fault of chosen) {
    try { phases.push(await runPhase(deployment, fault, { seed, short, connections: CONNECTIONS, log })); } catch (error) {
      notRecovered++;
      log(`NOT RECOVERED: ${String(error)}`);
    }
  }
  log('waiting until nothing is owed');
  await eventually('everything owed to be published and read', () => deployment.trail.isAtRest().catch(() => false), REST_SECONDS);
  const rows: Row[] = [];
  for (const phase of phases) rows.push({ phase, ...await deployment.trail.judge(phase.ledger, phase.tenantId) });
  tell(table(rows));
  if (notRecovered > 0) tell(`${String(notRecovered)} faults from which the deployment did not recover`);
  return notRecovered === 0 && rows.every(isClean);
}

/** Each protection left out once; what stays green is a protection that nothing tests. */
async function runMutations(deployment: Deployment, { seed, only }: Options): Promise<boolean> {
  let unnoticed = 0;
  for (const mutation of named(mutations, one => `${one.protection} ${one.name}`, only)) {
    log(`without ${mutation.protection}`);
    const verdict = await runMutation(deployment, mutation, { seed, short: true, connections: CONNECTIONS, log });
    const red = (mutation.red === 'lost' ? verdict.lost + verdict.toldAgain : verdict[mutation.red]) > 0;
    if (!red) unnoticed++;
    tell(`${red ? 'RED, as expected' : 'GREEN: NOT NOTICED'}: without ${mutation.protection}, ${mutation.fault.name}: answered ${String(verdict.answered)}, lost ${String(verdict.lost)}, told again ${String(verdict.toldAgain)}, doubled ${String(verdict.doubled)}, phantom ${String(verdict.phantom)}`);
  }
  return unnoticed === 0;
}

async function main(): Promise<void> {
  const options = parseOptions(process.argv.slice(2), () => randomInt(MAX_SEED));
  if (options.help) { tell(HELP); return; }
  tell(`seed ${String(options.seed)}`);
  const deployment = await Deployment.start();
  try {
    const asWanted = await (options.mutations ? runMutations : runFaults)(deployment, options);
    if (!asWanted) process.exitCode = 1;
  } finally { await deployment.stop(); }
}

main().catch((error: unknown) => { console.error(error); process.exitCode = 1; });
