import { randomBytes } from 'node:crypto';
import { AccessTokenDocument, ACCESS_TOKENS, accessTokenIndexes } from '@strowger/models/access-tokens/access-tokens.schema';
import { EndedTokensStore } from '@strowger/models/access-tokens/ended-tokens.store';
import { ACCOUNTS } from '@strowger/models/accounts/accounts.schema';
import { APPLICATIONS, ApplicationDocument } from '@strowger/models/applications/applications.schema';
import { Database, ensureCollections } from '@strowger/models/database';
import { EndedGrantsStore } from '@strowger/models/grants/ended-grants.store';
import { GrantDocument, GRANTS, grantIndexes } from '@strowger/models/grants/grants.schema';
import { OUTBOX, OutboxDocument, outboxIndexes } from '@strowger/models/outbox/outbox.schema';
import { OwedReader } from '@strowger/models/outbox/owed.reader';
import { EndedSecretUsesStore } from '@strowger/models/secret-uses/ended-secret-uses.store';
import { SECRET_USES, SecretUseDocument } from '@strowger/models/secret-uses/secret-uses.store';
import { signInAddressIndexes } from '@strowger/models/sign-in-addresses/sign-in-addresses.store';
import { serversFor, TestServers } from '../../../../test/servers';
import { eventually } from '../../../../test/system';
import { Janitor, JanitorSettings, JanitorStores } from './janitor';

const HOUR = 3600, DAY = 24 * HOUR, LONGEST = DAY, NOW = new Date('2026-06-01T12:00:00.000Z');
const past = (seconds: number): Date => new Date(NOW.getTime() - seconds * 1000);

let servers: TestServers, database: Database, swept: Record<string, number>;
beforeAll(async () => {
  servers = await serversFor('janitor');
  database = new Database({ MONGODB_URI: servers.mongodbUri });
  await database.connected();
  await ensureCollections(database, [[ACCESS_TOKENS, accessTokenIndexes], [GRANTS, grantIndexes], [OUTBOX, outboxIndexes], [ACCOUNTS, []], [APPLICATIONS, []], [SECRET_USES, []]]);
});
afterAll(async () => { await database.close(); await servers.stop(); });
beforeEach(async () => {
  for (const collection of [ACCESS_TOKENS, GRANTS, OUTBOX, ACCOUNTS, APPLICATIONS, SECRET_USES]) await database.collection(collection).deleteMany({});
  swept = {};
});

const accounts = async (...ids: string[]): Promise<void> => { await database.collection<{ _id: string }>(ACCOUNTS).insertMany(ids.map(_id => ({ _id }))); };
/** Tokens of an account that ended so many seconds ago. */
const tokens = async (sub: string, ...ended: number[]): Promise<void> => {
  await database.collection<Partial<AccessTokenDocument>>(ACCESS_TOKENS).insertMany(ended.map(seconds => ({ _id: randomBytes(16), sub, exp: past(seconds).getTime() / 1000 })));
};
const grants = async (...ended: number[]): Promise<void> => {
  await database.collection<Partial<GrantDocument>>(GRANTS).insertMany(ended.map((seconds, i) => ({ _id: `g${String(i)}`, account_id: 'a', application_id: 'a', expires_at: past(seconds), status: i % 2 ? 'active' : 'revoked' })));
};
const owed = async (service: string, seconds: number, fields: Partial<OutboxDocument> = {}): Promise<void> => {
  await database.collection<OutboxDocument>(OUTBOX).insertOne({ _id: randomBytes(16), service, at: past(seconds), subject: 's', sure: true, batch: Buffer.from('[]'), ...fields });
};
const left = async (): Promise<[number, number]> => [await database.collection(ACCESS_TOKENS).countDocuments({}), await database.collection(GRANTS).countDocuments({})];
const janitor = (stores: Partial<JanitorStores> = {}, settings: Partial<JanitorSettings> = {}): Janitor => new Janitor(
  { tokens: new EndedTokensStore(database), grants: new EndedGrantsStore(database), secretUses: new EndedSecretUsesStore(database), owed: new OwedReader(database), ...stores },
  { everySeconds: 1, longestTokenSeconds: LONGEST, now: () => NOW, counts: { swept: (what, many) => { swept[what] = (swept[what] ?? 0) + many; } }, ...settings }, { warn: () => undefined });

it('deletes tokens seven days after their end, of every account, and keeps every other', async () => {
  await accounts('a', 'b', 'c');
  await tokens('a', -HOUR, 1, 7 * DAY - 1, 7 * DAY + 1);
  await tokens('b', 7 * DAY, 8 * DAY, 400 * DAY);
  await janitor().sweep();
  const kept = await database.collection<AccessTokenDocument>(ACCESS_TOKENS).find({}).toArray();
  expect(kept.map(token => [token.sub, NOW.getTime() / 1000 - token.exp]).sort()).toEqual([['a', -HOUR], ['a', 1], ['a', 7 * DAY - 1], ['b', 7 * DAY]].sort());
  expect(swept).toEqual({ access_tokens: 3 });
});
it('deletes grants, revoked or not, once a lost answer can no longer be made up for and their last token is gone', async () => {
  const last = 7 * DAY + LONGEST + 600;
  await grants(-DAY, 1, 7 * DAY + 1, last - 1, last + 1, last + 2, 400 * DAY);
  await janitor().sweep();
  expect((await database.collection<GrantDocument>(GRANTS).find({}).toArray()).map(grant => grant._id).sort()).toEqual(['g0', 'g1', 'g2', 'g3']);
});
it.each([
  ['a sure entry of token-service', 'token-service', { sure: true }], ['an entry that waits for its document', 'token-service', { sure: false, absent: 3, next_look: NOW }], ['another service\'s', 'app-registry-service', {}],
])('deletes nothing while the outbox holds %s that is older than a day, and goes on once it is gone', async (_what, service, fields) => {
  await accounts('a');
  await tokens('a', 8 * DAY);
  await grants(30 * DAY);
  await owed(service, DAY - 1, fields);
  await owed(service, DAY + 1, fields);
  await janitor().sweep();
  expect([await left(), swept]).toEqual([[1, 1], {}]);
  await database.collection(OUTBOX).deleteMany({ at: { $lt: past(DAY) } });
  await janitor().sweep();
  expect(await left()).toEqual([0, 0]);
});
it('looks at the outbox before each batch: what becomes a day old meanwhile ends the round', async () => {
  await accounts('a');
  await tokens('a', ...Array.from({ length: 450 }, () => 8 * DAY));
  const real = new EndedTokensStore(database);
  const interrupted: JanitorStores['tokens'] = {
    accounts: after => real.accounts(after),
    delete: async (...args) => { const many = await real.delete(...args); await owed('token-service', 2 * DAY); return many; },
  };
  await janitor({ tokens: interrupted }).sweep();
  expect(await left()).toEqual([250, 0]);
});
it('goes through any number of accounts and tokens, several of it at once, and deletes what one alone would', async () => {
  const ids = Array.from({ length: 450 }, (_, i) => `account-${String(i).padStart(4, '0')}`);
  await accounts(...ids);
  for (const id of [ids[0], ids[199], ids[200], ids[449]]) if (id !== undefined) await tokens(id, -HOUR, ...Array.from({ length: 260 }, (_, i) => 8 * DAY + i));
  await grants(...Array.from({ length: 500 }, () => 60 * DAY));
  await Promise.all([janitor().sweep(), janitor().sweep(), janitor().sweep()]);
  expect(await left()).toEqual([4, 0]);
});
it('runs by itself, goes on after a round that failed, and stops when told, between two batches', async () => {
  await accounts('a');
  await tokens('a', 8 * DAY);
  let failures = 1;
  const real = new EndedTokensStore(database);
  const failing: JanitorStores['tokens'] = { accounts: after => failures-- > 0 ? Promise.reject(new Error('away')) : real.accounts(after), delete: (...args) => real.delete(...args) };
  const running = janitor({ tokens: failing }, { everySeconds: 0.1 });
  running.start();
  await eventually('a round', async () => (await left())[0] === 0);
  await running.stop();
  await tokens('a', 8 * DAY);
  const before = swept['access_tokens'];
  await running.sweep();
  expect([await left(), swept['access_tokens']]).toEqual([[1, 0], before]);
});
it('deletes when a secret was last used once no application has that secret, and keeps every other use', async () => {
  const application = (_id: string, status: ApplicationDocument['status'], ...secrets: string[]) => ({ _id, status, secrets: secrets.map(id => ({ id })) });
  const use = (_id: string, application_id: string) => ({ _id, tenant_id: 't', application_id, last_used_at: NOW });
  const gone = Array.from({ length: 420 }, (_, i) => `gone-${String(i)}`);
  await database.collection<{ _id: string }>(APPLICATIONS).insertMany([application('a', 'active', 'burned', 'kept'), application('b', 'disabled', 'other'), application('c', 'deleted', 'deleted')]);
  await database.collection<SecretUseDocument>(SECRET_USES).insertMany([...['kept', 'burned', ...gone].map(id => use(id, 'a')), use('other', 'b'), use('deleted', 'c'), use('orphan', 'never was')]);
  await Promise.all([janitor().sweep(), janitor().sweep()]);
  expect((await database.collection<SecretUseDocument>(SECRET_USES).find().toArray()).map(one => one._id).sort()).toEqual(['burned', 'kept', 'other']);
  expect(swept).toEqual({ secret_uses: 422 });
});
it('S30: an address that an account signed in from goes by itself after the thirty days in which it counts', () => {
  expect(signInAddressIndexes).toEqual([{ key: { last_at: 1 }, options: { expireAfterSeconds: 31 * DAY } }]);
});
