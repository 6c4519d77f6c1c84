import { loadavg } from 'node:os';
import { GuardScene } from './guard-scene';
import { HELP, parseOptions } from './options';
import { requestCost } from './request-cost';
import { busCut, busUp, revokerKilled, row } from './revocations';

const log = (line: string): void => { process.stderr.write(`${line}\n`); };
const tell = (text: string): void => { process.stdout.write(`${text}\n`); };
const load = (): string => loadavg()[0]?.toFixed(1) ?? '?';

async function main(): Promise<void> {
  const options = parseOptions(process.argv.slice(2));
  if (options.help) { tell(HELP); return; }
  const scene = await GuardScene.start();
  try {
    if (options.rounds > 0) tell(`${await requestCost(scene, options.rounds, log)}\n\nload ${load()}`);
    tell('\n| from the answer to the refusal, ms | measured | p50 | p99 | longest |\n|---|---|---|---|---|');
    if (options.revocations > 0) tell(row('bus up', await busUp(scene, options.revocations)));
    if (options.kills > 0) tell(row('kill -9 of who revoked, before its publishing', await revokerKilled(scene, options.kills, log)));
    if (options.cuts > 0) tell(row('bus cut', await busCut(scene, options.cuts, log)));
    tell(`\nload ${load()}`);
  } finally { await scene.stop(); }
}

main().catch((error: unknown) => { console.error(error); process.exitCode = 1; });
