import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../tools/local-stack/free-port';
import { Supervisor } from '../tools/local-stack/supervisor';
import { compare } from './compare';
import { CODE_EXCHANGE, Contestant, Operation, operations } from './contestant';
import { Load } from './load/load';
import { nameOf, slice, warmUp } from './measure/pairs';
import { pin } from './measure/cpu-time';
import { HELP, Options, parseOptions } from './options';
import { overload } from './overload/overload';
import { startPeer } from './peer/peer';
import { startRedis } from './peer/redis';
import { describeProfiles } from './profile';
import { soak } from './soak';
import { Strowger } from './strowger';
import { wholeSystem } from './whole-system';

/** Stores, load and the bench itself on one core, the server that is measured on the other. */
const STORES_CORE = 0, SERVER_CORE = 1;
/** Every code is exchanged once, so this one is warmed up as it is measured. */
const WARM_UP_SLICES = 5;
const log = (line: string): void => { process.stderr.write(`${line}\n`); };
const tell = (text: string): void => { process.stdout.write(`${text}\n`); };

async function run(options: Options, dataDir: string): Promise<void> {
  const supervisor = new Supervisor({ log });
  const strowger = await Strowger.start(dataDir, log), load = new Load();
  try {
    if (options.compare) await compared(options, dataDir, supervisor, strowger, load);
    if (options.overload) tell(`\n${await overload(strowger, load, SERVER_CORE, log)}`);
    if (!options.wholeSystem && options.soakMinutes === 0) return;
    const contestant = await strowger.contestant('token-service', await strowger.tokenService('token-service'));
    await ready(contestant, load, operations);
    if (options.wholeSystem) tell(`\n${await wholeSystem(strowger, contestant, load, log)}`);
    if (options.soakMinutes > 0) tell(`\n${await soak(strowger, contestant, load, options.soakMinutes, log)}`);
  } finally {
    load.stop();
    await supervisor.stopAll();
    await strowger.stop();
  }
}

/** The tables of two servers: ours, and the peer or another build of ours. */
async function compared(options: Options, dataDir: string, supervisor: Supervisor, strowger: Strowger, load: Load): Promise<void> {
  const started = await strowger.tokenService('strowger', options.profile === undefined ? {} : { nodeOptions: `--cpu-prof --cpu-prof-dir=${options.profile}` });
  const contestants: [Contestant, Contestant] = [await strowger.contestant('Strowger', started), options.against === undefined
    ? await startPeer(await redis(dataDir, supervisor), dataDir, supervisor, log)
    : await strowger.contestant('other build', await strowger.tokenService('other-build', { root: options.against }))];
  for (const contestant of contestants) await ready(contestant, load, options.operations);
  const profiledSince = process.hrtime.bigint() / 1000n;
  tell(await compare(load, contestants, options, log));
  await started.process.stop();
  if (options.profile !== undefined) tell(`\n${describeProfiles(options.profile, Number(profiledSince))}`);
}

async function ready(contestant: Contestant, load: Load, wanted: readonly Operation[]): Promise<void> {
  pin(contestant.pid, SERVER_CORE);
  for (const operation of wanted) {
    await load.define(nameOf(contestant, operation), contestant.requests[operation]);
    if (operation === CODE_EXCHANGE) for (let round = 0; round < WARM_UP_SLICES; round++) await slice(load, contestant, operation);
    else await warmUp(load, nameOf(contestant, operation));
  }
}

async function redis(dataDir: string, supervisor: Supervisor): Promise<number> {
  const port = await freePort();
  await startRedis(port, dataDir, supervisor, log);
  return port;
}

async function main(): Promise<void> {
  const options = parseOptions(process.argv.slice(2));
  if (options.help) { tell(HELP); return; }
  pin(process.pid, STORES_CORE);
  const dataDir = mkdtempSync(join(tmpdir(), 'strowger-bench-'));
  try { await run(options, dataDir); } finally { rmSync(dataDir, { recursive: true, force: true }); }
}

main().catch((error: unknown) => { console.error(error); process.exitCode = 1; });
