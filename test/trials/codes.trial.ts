import { setTimeout as pause } from 'node:timers/promises';
import { ACCESS_TOKENS } from '@strowger/models/access-tokens/access-tokens.schema';
import { presentedCode } from '@strowger/oauth-core/authorization-code';
import { parametersOf, TestBrowser } from '../../apps/token-service/src/authorize/browser.fixture';
import { Answer, Application, TokenScene } from '../../apps/token-service/src/token-service.fixture';
import { table } from '../../bench/table';

/** What a trial came to: its table, and whether everything in it is as it must be. */
export interface Outcome { readonly table: string; readonly good: boolean }

const AT_ONCE = 50, REPLAY_AFTER_MS = 30_000, CALLBACK = 'https://app.example.com/cb';
interface Round { readonly code: string; readonly token: string | undefined; readonly usedAt: number }

/** 50 exchanges of one code at once, through both instances in turn; 30 s after its use each code once more, and what it gave must be dead then. */
export async function codesTrial(scene: TokenScene, rounds: number, log: (line: string) => void): Promise<Outcome> {
  const alice = await scene.account(), web = await scene.application(alice, { type: 'web_server', scope: 'gql rest', redirect_uris: [CALLBACK] });
  const browser = new TestBrowser(scene, `http://localhost:${String(scene.system.stack.ports['portal-service'])}`);
  await browser.allow(web, alice);
  const refusals = new Map<string, number>(), done: Round[] = [];
  let single = 0, stored = 0, refused = 0, dead = 0;
  for (let round = 0; round < rounds; round++) {
    const code = parametersOf(await browser.authorize(web))['code'] ?? '';
    const answers = await Promise.all(Array.from({ length: AT_ONCE }, (_, n) => exchange(scene, web, code, round + n)));
    const good = answers.filter(({ status }) => status === 200), text = good[0]?.json['access_token'];
    for (const { status, json } of answers) if (status !== 200) count(refusals, `${String(status)} ${String(json['error'])}`);
    if (good.length === 1) single++;
    if (await scene.database.collection(ACCESS_TOKENS).countDocuments({ grant_id: presentedCode(code)?.grantId ?? '' }) === 1) stored++;
    done.push({ code, token: typeof text === 'string' ? text : undefined, usedAt: performance.now() });
    if ((round + 1) % 20 === 0) log(`${String(round + 1)} codes, exactly one exchange good: ${String(single)}`);
  }
  for (const [n, { code, token, usedAt }] of done.entries()) {
    await pause(Math.max(0, usedAt + REPLAY_AFTER_MS - performance.now()));
    const answer = await exchange(scene, web, code, n);
    if (answer.status === 400 && answer.json['error'] === 'invalid_grant') refused++;
    if (token !== undefined && (await scene.introspect(token, n + 1)).text === '{"active":false}') dead++;
  }
  const others = [...refusals].map(([what, many]) => `${String(many)} × ${what}`).join(', ');
  return {
    good: [single, stored, refused, dead].every(many => many === rounds) && refusals.size === 1 && refusals.has('400 invalid_grant'),
    table: table(['codes', 'exchanges of each at once', 'exactly one good', 'exactly one token stored', 'all other answers', 'replayed after 30 s: refused', 'and the token dead'],
      [[String(rounds), String(AT_ONCE), String(single), String(stored), others, String(refused), String(dead)]]),
  };
}

const exchange = (scene: TokenScene, { client_id, secret }: Application, code: string, instance: number): Promise<Answer> =>
  scene.token({ grant_type: 'authorization_code', client_id, client_secret: secret, code }, { instance });
const count = (counts: Map<string, number>, what: string): void => { counts.set(what, (counts.get(what) ?? 0) + 1); };
