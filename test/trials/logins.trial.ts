import { randomBytes, randomUUID } from 'node:crypto';
import { AccountDocument, ACCOUNTS } from '@strowger/models/accounts/accounts.schema';
import { formOn, TestBrowser } from '../../apps/token-service/src/authorize/browser.fixture';
import { Account, Answer, Application, TokenScene } from '../../apps/token-service/src/token-service.fixture';
import { table } from '../../bench/table';
import { Outcome } from './codes.trial';
import { mannWhitney, median } from './rank-test';

const kinds = ['unknown account', 'blocked account', 'wrong password', 'wrong password where it signs in'] as const;
type Kind = (typeof kinds)[number];
interface Door { readonly name: string; readonly attempt: (username: string, from: string) => Promise<Answer> }

const LARGEST_DIFFERENCE = 0.02, SMALLEST_P = 0.01, WARM_UP = 50;

/**
 * How long logins take that get nobody in, of each kind as many, each of a name and from an address that were not tried before. One of each kind a
 * round, in random order: what else the machine does in that moment is much the same for all of them, so that differences are taken within a round.
 */
export async function loginsTrial(scene: TokenScene, each: number, log: (line: string) => void): Promise<Outcome> {
  const alice = await scene.account(), phone = await scene.native(alice);
  const browser = new TestBrowser(scene, `http://localhost:${String(scene.system.stack.ports['portal-service'])}`), form = formOn(await browser.get('/login'));
  const doors: Door[] = [
    { name: 'token endpoint', attempt: (username, from) => atTokenEndpoint(scene, phone, username, from) },
    { name: 'login page', attempt: (username, from) => browser.post('/login', { ...form, username, password: 'not this one' }, { 'x-forwarded-for': from }) },
  ];
  const rows: string[][] = [];
  let good = true;
  for (const door of doors) {
    const people = await seedPeople(scene, alice, each + WARM_UP), times = new Map<Kind, number[]>(kinds.map(kind => [kind, []])), sizes = new Set<string>();
    for (let n = 0; n < each + WARM_UP; n++) {
      for (const kind of shuffled(kinds)) {
        const { username, from } = people(kind, n), answer = await door.attempt(username, from);
        sizes.add(`${String(answer.status)}, ${String(answer.text.length)} bytes`);
        if (n >= WARM_UP) times.get(kind)?.push(answer.milliseconds);
      }
      if ((n + 1) % 100 === 0) log(`${door.name}: ${String(n + 1)} of each`);
    }
    good &&= sizes.size === 1;
    const wrong = times.get('wrong password') ?? [], usual = median(wrong);
    for (const kind of kinds) {
      const list = times.get(kind) ?? [], difference = median(list.map((time, n) => time - (wrong[n] ?? NaN))) / usual, p = mannWhitney(list, wrong);
      good &&= Math.abs(difference) < LARGEST_DIFFERENCE || p > SMALLEST_P;
      rows.push([door.name, kind, [...sizes].join('; '), median(list).toFixed(2), ...(list === wrong ? ['–', '–'] : [`${(100 * difference).toFixed(2)} %`, p.toFixed(2)])]);
    }
  }
  return { good, table: table(['door', 'login', 'every answer', 'median ms', 'median difference to a wrong password', 'p (Mann-Whitney)'], rows) };
}

const atTokenEndpoint = (scene: TokenScene, { client_id, secret }: Application, username: string, from: string): Promise<Answer> =>
  scene.token({ grant_type: 'password', client_id, client_secret: secret, username, password: 'not this one' }, { headers: { 'x-forwarded-for': from } });

/** Accounts that differ in nothing but their name and status; one kind of them signs in from the address that is used. */
async function seedPeople(scene: TokenScene, like: Account, many: number): Promise<(kind: Kind, n: number) => { readonly username: string; readonly from: string }> {
  const nameOf = (kind: Kind, n: number): string => `p${run}${String(kinds.indexOf(kind))}${String(n).padStart(6, '0')}`, run = randomBytes(3).toString('hex'), from = new Map<string, string>();
  const documents = kinds.slice(1).flatMap(kind => Array.from({ length: many }, (_, n): AccountDocument => {
    const username = nameOf(kind, n);
    return {
      _id: randomUUID(), tenant_id: like.tenant_id, version: 1, kind: 'user', username, live_username: username, password_hash: like.password_hash, role: 'user', access: 'full', impersonation: false,
      status: kind === 'blocked account' ? 'blocked' : 'active', rights_version: 1, sign_out_version: 1, created_at: like.created_at,
    };
  }));
  await scene.database.collection<AccountDocument>(ACCOUNTS).insertMany(documents);
  for (const kind of kinds) for (let n = 0; n < many; n++) from.set(nameOf(kind, n), scene.newAddress());
  const signingIn = documents.filter(({ username }) => username.startsWith(`p${run}3`));
  await scene.database.collection<{ _id: string }>('sign_in_addresses').insertMany(signingIn.map(({ _id, username }) => {
    const address = from.get(username) ?? '';
    return { _id: `${_id} ${address}`, tenant_id: scene.tenant.id, account_id: _id, address, last_at: new Date() };
  }));
  return (kind, n) => { const username = nameOf(kind, n); return { username, from: from.get(username) ?? '' }; };
}

function shuffled<T>(list: readonly T[]): T[] {
  return list.map(one => ({ one, by: Math.random() })).sort((a, b) => a.by - b.by).map(({ one }) => one);
}
