import { loadavg } from 'node:os';
import { TokenScene } from '../../apps/token-service/src/token-service.fixture';
import { announcementsTrial } from './announcements.trial';
import { codesTrial } from './codes.trial';
import { loginsTrial } from './logins.trial';
import { HELP, Options, parseOptions } from './options';

const NO_LIMIT = '1000000';
const tell = (text: string): void => { process.stdout.write(`${text}\n`); };
const log = (line: string): void => { process.stderr.write(`${line}\n`); };

async function run({ trials, rounds, each }: Options): Promise<boolean> {
  const scene = await TokenScene.start('trials', {
    env: { LOG_LEVEL: 'warn', WRONG_PASSWORDS_PER_ACCOUNT_AND_ADDRESS: NO_LIMIT, WRONG_PASSWORDS_PER_ACCOUNT_FROM_STRANGERS: NO_LIMIT, WRONG_PASSWORDS_PER_ADDRESS: NO_LIMIT },
  });
  try {
    let good = true;
    for (const trial of trials) {
      const outcome = trial === 'codes' ? await codesTrial(scene, rounds, log) : trial === 'logins' ? await loginsTrial(scene, each, log) : await announcementsTrial(scene, rounds, log);
      tell(`\n${outcome.table}\n\n${outcome.good ? 'as it must be' : 'NOT AS IT MUST BE'}; load of the machine ${(loadavg()[0] ?? 0).toFixed(1)}`);
      good &&= outcome.good;
    }
    return good;
  } finally { await scene.stop(); }
}

async function main(): Promise<void> {
  const options = parseOptions(process.argv.slice(2));
  if (options.help) { tell(HELP); return; }
  if (!await run(options)) process.exitCode = 1;
}

main().then(() => { process.exit(); }, (error: unknown) => { console.error(error); process.exit(1); });
