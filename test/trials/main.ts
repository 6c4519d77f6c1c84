import { loadavg } from 'node:os';
import { TokenScene } from '../../apps/token-service/src/token-service.fixture';
import { announcementsTrial } from './announcements.trial';
import { codesTrial } from './codes.trial';
import { loginsTrial } from './logins.trial';
import { HELP, Options, parseOptions } from './options';
import { propertiesTrial } from './properties.trial';

const NO_LIMIT = '1000000';
const tell = (text: string): void => { process.stdout.write(`${text}\n`); };
const log = (line: string): void => { process.stderr.write(`${line}\n`); };

/** Those that ask a running system share one. */
async function run({ trials, rounds, each, hunt }: Options): Promise<boolean> {
  let good = true, scene: TokenScene | undefined;
  try {
    for (const trial of trials) {
      if (trial !== 'properties') scene ??= await startScene();
      const outcome = trial === 'properties' || !scene ? await propertiesTrial(hunt, log) : trial === 'codes' ? await codesTrial(scene, rounds, log) : trial === 'logins' ? await loginsTrial(scene, each, log) : await announcementsTrial(scene, rounds, log);
      tell(`\n${outcome.table}\n\n${outcome.good ? 'as it must be' : 'NOT AS IT MUST BE'}; load of the machine ${(loadavg()[0] ?? 0).toFixed(1)}`);
      good &&= outcome.good;
    }
    return good;
  } finally { await scene?.stop(); }
}
const startScene = (): Promise<TokenScene> => TokenScene.start('trials', {
  env: { LOG_LEVEL: 'warn', WRONG_PASSWORDS_PER_ACCOUNT_AND_ADDRESS: NO_LIMIT, WRONG_PASSWORDS_PER_ACCOUNT_FROM_STRANGERS: NO_LIMIT, WRONG_PASSWORDS_PER_ADDRESS: NO_LIMIT },
});

async function main(): Promise<void> {
  const options = parseOptions(process.argv.slice(2));
  if (options.help) { tell(HELP); return; }
  if (!await run(options)) process.exitCode = 1;
}

main().then(() => { process.exit(); }, (error: unknown) => { console.error(error); process.exit(1); });
