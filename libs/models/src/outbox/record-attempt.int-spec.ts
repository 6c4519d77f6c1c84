import { mongo } from 'mongoose';
import { EventPublisher } from '@strowger/contracts/outbox';
import { OAuthError } from '@strowger/oauth-core/oauth-error';
import { serversFor, TestServers } from '../../../../test/servers';
import { Database, ensureCollections } from '../database';
import { Tenant } from '../tenants/tenants.reader';
import { TenantDocument, TENANTS, tenantIndexes } from '../tenants/tenants.schema';
import { TenantsWriter } from '../tenants/tenants.writer';
import { Changed, ChangeRecorder } from './change-recorder';
import { eventIdOf, EventSource, makeEvent } from './make-event';
import { OUTBOX, OutboxDocument, outboxIndexes } from './outbox.schema';
import { Decided } from './record-attempt';
import { Sender } from './sender';

const source: EventSource = { service: 'app-registry-service', instance: 'test' };
/** The bus is away: every event stays in the outbox, where it can be counted. */
class NoBus extends EventPublisher {
  override publish(): Promise<void> { return Promise.reject(new Error('away')); }
}
/** The answer of the commit, or of what came before it, is lost on its way. */
class LosingRecorder extends ChangeRecorder {
  constructor(database: Database, sender: Sender, private readonly when: 'before' | 'after') { super(database, sender, source); }
  override async record<T>(change: (session: mongo.ClientSession) => Promise<Changed<T>>): Promise<T> {
    if (this.when === 'before') {
      await super.record(async session => { await change(session); throw new mongo.MongoNetworkError('lost'); });
    }
    await super.record(change);
    throw new mongo.MongoNetworkError('lost');
  }
}

let servers: TestServers, database: Database, sender: Sender;
let ids = 0;
const renamed = (name: string) => (before: Tenant): Decided<Tenant, string> => ({
  after: { ...before, name, version: before.version + 1 }, result: name,
  events: [makeEvent(source, 'tenant.updated', eventIdOf(TENANTS, before.id, before.version + 1, 'tenant.updated'), before.id, new Date(), { tenant_id: before.id, version: before.version + 1 })],
});
const tenant = async (): Promise<string> => {
  const id = `tenant${String(++ids)}`;
  await database.collection<TenantDocument>(TENANTS).insertOne({
    _id: id, tenant_id: id, version: 1, name: id, password_grant: false, implicit_grant: false, api_application: false, access_token_ttl_seconds: 60, refresh_token_ttl_seconds: 60,
    administrators: [], rights_version: 1, sign_out_version: 1, created_at: new Date(),
  });
  return id;
};
const stored = (id: string) => database.collection<TenantDocument>(TENANTS).findOne({ _id: id });
const owed = async (id: string) => (await database.collection<OutboxDocument>(OUTBOX).find({}).toArray()).filter(({ batch }) => batch.includes(`"subject":"${id}"`)).length;
const refusal = async (work: Promise<unknown>): Promise<unknown> => work.then(() => undefined, (error: unknown) => error);

beforeAll(async () => {
  servers = await serversFor('record_attempt');
  database = new Database({ MONGODB_URI: servers.mongodbUri });
  await database.connected();
  await ensureCollections(database, [[TENANTS, tenantIndexes], [OUTBOX, outboxIndexes]]);
  sender = new Sender(database, new NoBus());
});
afterAll(async () => { await database.close(); await servers.stop(); });

test('a change whose answer was lost is recognised by its mark, and is answered', async () => {
  const id = await tenant();
  const writer = new TenantsWriter(database, new LosingRecorder(database, sender, 'after'));
  expect(await writer.change(id, renamed('new name'))).toBe('new name');
  expect(await stored(id)).toMatchObject({ name: 'new name', version: 2 });
  expect(await owed(id)).toBe(1);
});

test('a change that did not happen is not answered as one, and leaves nothing', async () => {
  const id = await tenant();
  const writer = new TenantsWriter(database, new LosingRecorder(database, sender, 'before'));
  expect(await refusal(writer.change(id, renamed('other name')))).toMatchObject({ code: 'temporarily_unavailable', retryAfterSeconds: 1 });
  expect(await stored(id)).toMatchObject({ name: id, version: 1 });
  expect(await owed(id)).toBe(0);
});

test('what the decision throws changes nothing, and no events is no change', async () => {
  const id = await tenant();
  const writer = new TenantsWriter(database, new ChangeRecorder(database, sender, source));
  expect(await refusal(writer.change(id, () => { throw new OAuthError('access_denied', 'no'); }))).toMatchObject({ code: 'access_denied' });
  expect(await writer.change(id, before => ({ after: { ...before, name: 'x' }, events: [], result: 'nothing' }))).toBe('nothing');
  expect(await stored(id)).toMatchObject({ name: id, version: 1 });
  expect(await owed(id)).toBe(0);
});

test('a document that somebody else holds is given up within the deadline, not after the driver\'s two minutes', async () => {
  const id = await tenant();
  const holder = database.connection.getClient().startSession();
  holder.startTransaction();
  await database.collection<TenantDocument>(TENANTS).updateOne({ _id: id }, { $set: { name: 'held' } }, { session: holder });
  const writer = new TenantsWriter(database, new ChangeRecorder(database, sender, source));
  const started = performance.now();
  expect(await refusal(writer.change(id, renamed('mine')))).toMatchObject({ code: 'temporarily_unavailable' });
  expect(performance.now() - started).toBeLessThan(40_000);
  await holder.abortTransaction();
  await holder.endSession();
  expect(await writer.change(id, renamed('mine'))).toBe('mine');
  expect(await stored(id)).toMatchObject({ name: 'mine', version: 2 });
});
