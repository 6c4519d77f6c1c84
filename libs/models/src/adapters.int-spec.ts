import { EventPublisher } from '@strowger/contracts/outbox';
import { decodeBatch, Envelope } from '@strowger/contracts/cloud-event';
import { native, tenant } from '@strowger/oauth-core/facts.fixture';
import { RefreshKeys } from '@strowger/oauth-core/refresh-token';
import { Standing } from '@strowger/oauth-core/standing';
import { serversFor, TestServers } from '../../../test/servers';
import { eventually } from '../../../test/system';
import { AccessTokensReader } from './access-tokens/access-tokens.reader';
import { ACCESS_TOKENS, accessTokenIndexes } from './access-tokens/access-tokens.schema';
import { AuditEventsReader } from './audit-events/audit-events.reader';
import { AUDIT_EVENTS, auditEventIndexes } from './audit-events/audit-events.schema';
import { AuditEventsWriter } from './audit-events/audit-events.writer';
import { AUDIT_POSTINGS, auditPostingsIndexes } from './audit-postings/audit-postings.schema';
import { AuditPostingsStore } from './audit-postings/audit-postings.store';
import { AuditPostingsWriter } from './audit-postings/audit-postings.writer';
import { trailSearchBehaviour } from './audit-postings/trail-search.behaviour';
import { ConsentDocument, CONSENTS, consentIndexes } from './consents/consents.schema';
import { Database, ensureCollections, isDatabaseUnavailable } from './database';
import { deviceAuthorizationsBehaviour } from './device-authorizations/device-authorizations.behaviour';
import { DEVICE_AUTHORIZATIONS, deviceAuthorizationIndexes } from './device-authorizations/device-authorizations.schema';
import { DeviceAuthorizationsStore } from './device-authorizations/device-authorizations.store';
import { grantsBehaviour } from './grants/grants.behaviour';
import { GrantDocument, grantIndexes, GRANTS } from './grants/grants.schema';
import { GrantsStore } from './grants/grants.store';
import { ChangeRecorder } from './outbox/change-recorder';
import { entryOf, outboxBehaviour } from './outbox/outbox.behaviour';
import { OUTBOX, OutboxDocument, outboxIndexes } from './outbox/outbox.schema';
import { OutboxStore } from './outbox/outbox.store';
import { OwedReader } from './outbox/owed.reader';
import { Sender } from './outbox/sender';
import { rateLimitsBehaviour } from './rate-limits/rate-limits.behaviour';
import { RATE_LIMITS, rateLimitIndexes } from './rate-limits/rate-limits.schema';
import { RateLimitsStore } from './rate-limits/rate-limits.store';
import { SECRET_USES, SecretUseDocument, SecretUses } from './secret-uses/secret-uses.store';
import { SIGN_IN_ADDRESSES, SignInAddressDocument, SignInAddresses } from './sign-in-addresses/sign-in-addresses.store';
import { signingKeysBehaviour } from './signing-keys/signing-keys.behaviour';
import { SIGNING_KEYS, signingKeyIndexes, SigningKeysStore } from './signing-keys/signing-keys.store';
import { TurnReads } from './turns/turn-reads';
import { TurnInsert, TurnWriter } from './turns/turn-writer';

// Each wait inside has a bound of its own; this one is for a machine with much else to do.

const DAY_MS = 24 * 3600 * 1000;
const owned = [[ACCESS_TOKENS, accessTokenIndexes], [AUDIT_EVENTS, auditEventIndexes], [AUDIT_POSTINGS, auditPostingsIndexes], [CONSENTS, consentIndexes], [DEVICE_AUTHORIZATIONS, deviceAuthorizationIndexes], [GRANTS, grantIndexes], [OUTBOX, outboxIndexes], [RATE_LIMITS, rateLimitIndexes], [SIGNING_KEYS, signingKeyIndexes]] as const;

/** Takes every message, as a stream does. */
class TakingPublisher extends EventPublisher {
  /** Type and subject of each event. */
  readonly events: string[] = [];
  get types(): string[] { return this.events.map(event => event.split(' ', 1)[0] ?? ''); }
  override publish(_subject: string, batch: Uint8Array): Promise<void> {
    this.events.push(...decodeBatch(batch).map(event => Envelope.parse(event)).map(({ type, subject = '' }) => `${type} ${subject}`));
    return Promise.resolve();
  }
}

let servers: TestServers, database: Database, commands: { name: string; collection: unknown; documents: number }[] = [];
beforeAll(async () => {
  servers = await serversFor('adapters');
  database = new Database({ MONGODB_URI: `${servers.mongodbUri}${servers.mongodbUri.includes('?') ? '&' : '?'}monitorCommands=true` });
  await database.connected();
  await ensureCollections(database, owned);
  database.connection.getClient().on('commandStarted', ({ commandName, command }) => {
    const { documents, [commandName]: collection } = command as Record<string, unknown>;
    commands.push({ name: commandName, collection, documents: Array.isArray(documents) ? documents.length : 0 });
  });
});
beforeEach(() => { commands = []; });
afterAll(async () => { await database.close(); await servers.stop(); });
const sent = (name: string, collection: string) => commands.filter(one => one.name === name && one.collection === collection);
const clear = async (...collections: string[]): Promise<void> => { for (const one of collections) await database.collection(one).deleteMany({}); };

/** A token as its row stands, with as little as the readers need. */
const tokenRow = (n: number, fields: Record<string, unknown> = {}) => ({ _id: Buffer.alloc(16, n), hash: Buffer.alloc(32, n), version: 1, tenant_id: 't', ...fields });
const later = async (seconds: number): Promise<void> => {
  const answer = async (): Promise<Date> => new Date(Number((await database.connection.db?.admin().command({ hello: 1 }))?.['localTime']));
  const until = (await answer()).getTime() + seconds * 1000;
  await eventually(`the database's clock to pass ${String(seconds)} s`, async () => (await answer()).getTime() > until);
};

describe('counters in the database', () => {
  beforeAll(() => clear(RATE_LIMITS));
  rateLimitsBehaviour(() => new RateLimitsStore(database));
  it('S85: keep no name that was typed', async () => {
    await new RateLimitsStore(database).hit({ what: 'password', whom: 'typed-into-the-wrong-field', windowSeconds: 900 }, new Date());
    expect(JSON.stringify(await database.collection(RATE_LIMITS).find().toArray())).not.toContain('typed');
  });
});

describe('device authorizations in the database', () => {
  deviceAuthorizationsBehaviour(() => {
    const begin = (intervalSeconds: number) => new DeviceAuthorizationsStore(database, { lifetimeSeconds: 600, intervalSeconds }).begin(native(), tenant(), 'rest', { ip: '192.0.2.1', request_id: 'r' });
    return Promise.resolve({ devices: new DeviceAuthorizationsStore(database, { lifetimeSeconds: 600, intervalSeconds: 5 }), pass: later, begun: async interval => (await begin(interval)).device_code });
  });
});

describe('searches of the trail in the database', () => {
  /** Dies before it takes anything out of a tray. */
  class Dying extends AuditPostingsStore { override remove(): Promise<void> { return Promise.resolve(); } }
  afterAll(() => clear(AUDIT_EVENTS, AUDIT_POSTINGS));

  trailSearchBehaviour(async () => {
    await clear(AUDIT_EVENTS, AUDIT_POSTINGS);
    const store = new AuditPostingsStore(database), postings = [new AuditPostingsWriter(store), new AuditPostingsWriter(store)] as const, writers = postings.map(one => new AuditEventsWriter(database, one)), reader = new AuditEventsReader(database);
    await store.beginAt();
    return {
      record: async (writer, events) => { await writers[writer]?.record(events); },
      file: async (writer, half) => { for (const tenant of ['t1', 't', 't1-']) await (half ? new AuditPostingsWriter(new Dying(database)) : postings[writer]).empty(tenant); },
      page: (tenantId, filter, limit, after) => reader.page(tenantId, filter, limit, after),
    };
  }, 12);

  it('answer in order, page by page, of more events of one moment than are read at once', async () => {
    await clear(AUDIT_EVENTS, AUDIT_POSTINGS);
    await new AuditPostingsStore(database).beginAt();
    const time = new Date(Date.UTC(2026, 10, 20)), ids = Array.from({ length: 1300 }, (_, n) => `e${String(n * 7919 % 1300).padStart(4, '0')}`);
    await new AuditEventsWriter(database).record(ids.map((_id, n) => ({ _id, tenant_id: 't', version: 1, source: '/x/y', type: n % 20 ? 'token.issued' : 'token.rejected', time, recorded_at: time, data: { client_id: n % 13 ? 'c' : 'd' } })));
    const walked: string[] = [], reader = new AuditEventsReader(database);
    for (let page = await reader.page('t', { client_id: 'c' }, 500); page.length > 0; page = await reader.page('t', { client_id: 'c' }, 500, { time, id: walked.at(-1) ?? '' })) walked.push(...page.map(({ _id }) => _id));
    expect(walked).toEqual(ids.filter((_, n) => n % 13).sort().reverse());
  });

  it('look at each event that is older than the postings', async () => {
    await clear(AUDIT_EVENTS, AUDIT_POSTINGS);
    const event = (n: number) => ({ _id: `e${String(n)}`, tenant_id: 't', version: 1, source: '/x/y', type: 'token.issued', subject: `e${String(n)}`, time: new Date(Date.UTC(2026, 10, 20, n)), recorded_at: new Date(), data: { client_id: n % 2 ? 'odd' : 'even' } });
    await database.collection<ReturnType<typeof event>>(AUDIT_EVENTS).insertMany([0, 1, 2, 3, 4, 5].map(event));
    const page = async (filter: object, limit = 10) => (await new AuditEventsReader(database).page('t', filter, limit)).map(({ _id }) => _id);
    expect(await page({ client_id: 'odd' })).toEqual(['e5', 'e3', 'e1']);
    await new AuditPostingsStore(database).beginAt(event(6).time);
    await new AuditPostingsStore(database).beginAt();
    await new AuditEventsWriter(database).record([6, 7, 8, 9].map(event));
    for (const limit of [1, 2, 3, 10]) expect(await page({ client_id: 'odd' }, limit)).toEqual(['e9', 'e7', 'e5', 'e3', 'e1'].slice(0, limit));
    expect(await page({ client_id: 'odd', to: event(9).time, from: event(3).time })).toEqual(['e7', 'e5', 'e3']);
    expect(await page({ subject: 'e2' })).toEqual(['e2']);
    expect(await page({ subject: 'e8', client_id: 'even' })).toEqual(['e8']);
    expect(await page({ subject: 'e8', client_id: 'odd' })).toEqual([]);
  });
});

describe('the outbox in the database', () => {
  outboxBehaviour(async () => {
    await clear(OUTBOX);
    const documents = new OutboxStore(database, 'token-service');
    return {
      outbox: documents, pass: later,
      add: async ({ id, batch, ...entry }) => { await database.collection<OutboxDocument>(OUTBOX).insertOne({ ...entry, _id: Buffer.from(id, 'base64url'), batch: Buffer.from(batch), service: 'token-service' }); },
      stands: async event => {
        const { token_id, grant_id } = event.data as { token_id?: string; grant_id?: string };
        if (token_id !== undefined) await database.collection<{ _id: Buffer }>(ACCESS_TOKENS).insertOne({ _id: Buffer.from(token_id, 'base64url') });
        else await database.collection<{ _id: string }>(GRANTS).insertOne({ _id: grant_id ?? '' });
      },
    };
  });
  it('is each service\'s own, but for who asks what all of them owe; what waits for its document owes nothing', async () => {
    await clear(OUTBOX);
    const insert = async (service: string, at: number, fields: Partial<OutboxDocument> = {}) => {
      const { id, batch, ...entry } = entryOf(at);
      await database.collection<OutboxDocument>(OUTBOX).insertOne({ ...entry, _id: Buffer.from(id, 'base64url'), batch: Buffer.from(batch), service, ...fields });
    };
    await insert('token-service', 3000);
    await insert('token-service', 1000, { absent: 1 });
    await insert('scope-service', 2000);
    expect((await new OutboxStore(database, 'scope-service').owed(10)).map(entry => entry.at.getTime())).toEqual([2000]);
    expect(await new OutboxStore(database, 'audit-service').owed(10)).toEqual([]);
    expect((await new OutboxStore(database, 'token-service').oldest())?.getTime()).toBe(3000);
    expect(await new OutboxStore(database, 'audit-service').oldest()).toBeUndefined();
    expect((await new OwedReader(database).oldest())?.getTime()).toBe(2000);
    for (let n = 0; n < 40; n++) await insert('token-service', 4000 + n, n % 2 ? { absent: 1 } : {});
    expect((await new OwedReader(database).oldest())?.getTime()).toBe(2000);
    await clear(OUTBOX);
    expect(await new OwedReader(database).oldest()).toBeUndefined();
    await insert('token-service', 1000, { absent: 1 });
    expect(await new OwedReader(database).oldest()).toBeUndefined();
  });
});

describe('grants in the database', () => {
  const keys = new RefreshKeys([{ id: 'k', secret: Buffer.alloc(32, 7) }]), source = { service: 'token-service', instance: 'test' } as const;
  grantsBehaviour(async () => {
    await clear(OUTBOX, CONSENTS, GRANTS, ACCESS_TOKENS);
    const publisher = new TakingPublisher(), sender = new Sender(database, publisher), turns = new TurnWriter(database, sender, 'token-service');
    let removing: Standing | undefined;
    const interrupted = {
      insert: async (insert: TurnInsert, owing: Parameters<TurnWriter['insert']>[1]) => {
        await turns.insert(insert, owing);
        if (!removing) return;
        await database.collection<ConsentDocument>(CONSENTS).updateOne({ _id: `${removing.account.id}:${removing.application.id}` }, { $set: { status: 'removed' }, $inc: { version: 1 } });
      },
    } as TurnWriter;
    return {
      grants: new GrantsStore(database, interrupted, new ChangeRecorder(database, sender, source), keys, 3600), pass: later,
      storeToken: async (grant_id, generation) => { await database.collection<{ _id: Buffer }>(ACCESS_TOKENS).insertOne({ ...tokenRow(0), _id: Buffer.from(`${grant_id}${String(generation)}`), grant_id, generation } as never); },
      removeConsentAfterInsert: standing => { removing = standing; },
      issueCode: async id => { await database.collection<GrantDocument>(GRANTS).updateOne({ _id: id }, { $set: { code: { redirect_uri: 'https://a.ex/cb', redirect_uri_named: false, issued_at: new Date() } } }); },
      removeConsent: async ({ account, application }) => { await database.collection<ConsentDocument>(CONSENTS).updateOne({ _id: `${account.id}:${application.id}` }, { $set: { status: 'removed' }, $inc: { version: 1 } }); },
      eventTypes: async () => { await turns.drain(); await sender.drain(); expect(await database.collection(OUTBOX).countDocuments({})).toBe(0); return [...publisher.types]; },
    };
  });
});

describe('reads of one turn', () => {
  it('travel as one query, each key once, and each reader gets its own answer', async () => {
    await clear(ACCESS_TOKENS);
    await database.collection<{ _id: Buffer }>(ACCESS_TOKENS).insertMany([1, 2, 3].map(n => tokenRow(n)));
    commands = [];
    const reader = new AccessTokensReader(database), wanted = Array.from({ length: 60 }, (_, i) => i % 4);
    const found = await Promise.all(wanted.map(n => reader.byId(Buffer.alloc(16, n))));
    expect(found.map(token => token?.hash[0])).toEqual(wanted.map(n => n === 0 ? undefined : n));
    expect(sent('find', ACCESS_TOKENS)).toHaveLength(1);
  });
  it('fail together, and the next turn is read anew', async () => {
    let fails = true;
    const reads = new TurnReads<string>(keys => fails ? Promise.reject(new Error('away')) : Promise.resolve(new Map(keys.map(key => [key, key]))));
    await expect(Promise.all([reads.read('a'), reads.read('b')])).rejects.toThrow('away');
    fails = false;
    expect(await reads.read('a')).toBe('a');
  });
});

describe('signing keys in the database', () => {
  signingKeysBehaviour(async () => {
    await clear(SIGNING_KEYS, OUTBOX);
    const publisher = new TakingPublisher();
    const recorder = new ChangeRecorder(database, new Sender(database, publisher), { service: 'token-service', instance: 'i' });
    return { keys: new SigningKeysStore(database, recorder), events: async () => { await eventually('the events', async () => await database.collection(OUTBOX).countDocuments({}) === 0); return publisher.events; } };
  });
});

describe('uses of a secret', () => {
  const at = new Date('2026-01-01T00:00:00.000Z'), application = { id: 'a', tenant_id: 't' };
  const last = async () => (await database.collection<SecretUseDocument>(SECRET_USES).findOne({ _id: 'secret' }))?.last_used_at;
  it('are written once in ten seconds an instance, and never go back', async () => {
    await clear(SECRET_USES);
    commands = [];
    const [one, other] = [new SecretUses(database), new SecretUses(database)];
    for (let i = 0; i < 100; i++) one.note('secret', application, new Date(at.getTime() + i * 99));
    await one.drain();
    expect(await last()).toEqual(at);
    one.note('secret', application, new Date(at.getTime() + 10_000));
    other.note('secret', application, at);
    await Promise.all([one.drain(), other.drain()]);
    expect(await last()).toEqual(new Date(at.getTime() + 10_000));
    expect(sent('update', SECRET_USES)).toHaveLength(3);
  });
});

describe('addresses an account signs in from', () => {
  const now = new Date('2026-03-01T00:00:00.000Z'), account = { id: 'alice', tenant_id: 't' };
  it('are known for thirty days from the last time, to that account only', async () => {
    await clear(SIGN_IN_ADDRESSES);
    const addresses = new SignInAddresses(database);
    await addresses.note(account, '192.0.2.1', now);
    await addresses.note(account, '192.0.2.1', new Date(now.getTime() - DAY_MS));
    const known = (id: string, address: string, days: number): Promise<boolean> => addresses.isKnown(id, address, new Date(now.getTime() + days * DAY_MS));
    expect(await Promise.all([known('alice', '192.0.2.1', 29.9), known('alice', '192.0.2.1', 30), known('bob', '192.0.2.1', 0), known('alice', '192.0.2.2', 0)])).toEqual([true, false, false, false]);
  });
  it('are noted by many first logins at once without a failure', async () => {
    for (let round = 0; round < 10; round++) {
      await Promise.all(Array.from({ length: 16 }, () => new SignInAddresses(database).note(account, `198.51.100.${String(round)}`, now)));
    }
    expect(await database.collection<SignInAddressDocument>(SIGN_IN_ADDRESSES).countDocuments({ address: /^198/ })).toBe(10);
  });
});

describe('the connection', () => {
  it('S66: makes a filter from outside harmless where mongoose is used, and drops what is undefined', async () => {
    expect(database.connection.base.get('sanitizeFilter')).toBe(true);
    await database.collection<{ _id: string; absent?: string | undefined }>('scratch').insertOne({ _id: 'x', absent: undefined });
    expect(await database.collection<{ _id: string }>('scratch').findOne({ _id: 'x' })).toEqual({ _id: 'x' });
  });
  it('is not ready where its clock is over a minute from the database\'s', async () => {
    const clock = jest.spyOn(Date, 'now');
    try {
      for (const [skew, ready] of [[0, true], [50_000, true], [-50_000, true], [65_000, false], [-65_000, false]] as const) {
        const honest = performance.timeOrigin + performance.now();
        clock.mockReturnValue(honest + skew);
        expect([skew, await database.isReady()]).toEqual([skew, ready]);
      }
    } finally { clock.mockRestore(); }
  });
  it('that cannot be had is no crash: it says that the database is away', async () => {
    const nowhere = new Database({ MONGODB_URI: 'mongodb://127.0.0.1:9/none' });
    expect(await nowhere.isReady()).toBe(false);
    const error = await new AccessTokensReader(nowhere).byId(Buffer.alloc(16)).then(() => undefined, (thrown: unknown) => thrown);
    expect(isDatabaseUnavailable(error)).toBe(true);
    await nowhere.close();
  });
  it('says "away" of a server that is gone or not primary, and of nothing else', async () => {
    const { mongo } = await import('mongoose');
    for (const away of [new mongo.MongoNetworkError('x'), new mongo.MongoServerSelectionError('x', {} as never), new mongo.MongoServerError({ message: 'x', code: 189 }), new mongo.MongoServerError({ message: 'x', errorLabels: ['TransientTransactionError'] })]) expect(isDatabaseUnavailable(away)).toBe(true);
    for (const here of [new mongo.MongoServerError({ message: 'E11000', code: 11000 }), new TypeError('x'), undefined, 'MongoError', new mongo.MongoServerError({ message: 'x', code: 2 })]) expect(isDatabaseUnavailable(here)).toBe(false);
  });
});
