import { mongo } from 'mongoose';
import { decodeBatch } from '@strowger/contracts/cloud-event';
import { serversFor, TestServers } from '../../../test/servers';
import { eventually } from '../../../test/system';
import { ACCESS_TOKENS, accessTokenIndexes } from './access-tokens/access-tokens.schema';
import { Database, ensureCollections } from './database';
import { FaultyDatabase, grant, Item, rejection, source, TestStream, token } from './durable-writes.fixture';
import { GRANTS, grantIndexes } from './grants/grants.schema';
import { Changed, ChangeRecorder } from './outbox/change-recorder';
import { eventIdOf, makeEvent, randomEventId } from './outbox/make-event';
import { OUTBOX, OutboxDocument, outboxIndexes } from './outbox/outbox.schema';
import { Sender } from './outbox/sender';
import { TooMuchWaiting, TurnLimits } from './turns/turns';
import { NotDurable, TurnWriter } from './turns/turn-writer';

// Each wait inside has a bound of its own; this one is for a machine with much else to do.

let servers: TestServers, database: Database, stream: TestStream, faulty: FaultyDatabase, sender: Sender;
let commands: { name: string; collection: unknown; documents: number }[] = [];
beforeAll(async () => {
  servers = await serversFor('durable_writes');
  database = new Database({ MONGODB_URI: `${servers.mongodbUri}${servers.mongodbUri.includes('?') ? '&' : '?'}monitorCommands=true` });
  await database.connected();
  await ensureCollections(database, [[ACCESS_TOKENS, accessTokenIndexes], [GRANTS, grantIndexes], [OUTBOX, outboxIndexes], ['counters', []]]);
  database.connection.getClient().on('commandStarted', ({ commandName, command }) => {
    const { documents, [commandName]: collection } = command as Record<string, unknown>;
    commands.push({ name: commandName, collection, documents: Array.isArray(documents) ? documents.length : 0 });
  });
});
beforeEach(async () => {
  for (const name of [ACCESS_TOKENS, GRANTS, OUTBOX, 'counters']) await database.collection(name).deleteMany({});
  stream = new TestStream();
  faulty = new FaultyDatabase(database);
  sender = new Sender(database, stream);
  commands = [];
});
afterAll(async () => { await database.close(); await servers.stop(); });

const writer = (limits?: TurnLimits, on: unknown = database) => new TurnWriter(on as Database, sender, 'token-service', limits);
const inserts = (collection: string): number[] => commands.filter(one => one.name === 'insert' && one.collection === collection).map(one => one.documents);
const count = (collection: string) => database.collection(collection).countDocuments({});
const put = (turns: TurnWriter, item: Item): Promise<unknown> => turns.insert(item.insert, item.owing).then(() => 'durable', (error: unknown) => error);
const atRest = async (): Promise<void> => { await sender.drain(); expect(await count(OUTBOX)).toBe(0); };

describe('inserts of one turn', () => {
  it('are one insertMany a collection and one of outbox messages, one message a type; and the outbox is empty at rest', async () => {
    const turns = writer(), items = [...Array.from({ length: 40 }, () => token()), ...Array.from({ length: 5 }, grant)], refused = rejection();
    expect(await Promise.all([...items.map(item => put(turns, item)), turns.record(refused).then(() => 'durable')])).toEqual(Array(46).fill('durable'));
    expect([inserts(ACCESS_TOKENS), inserts(GRANTS), inserts(OUTBOX)]).toEqual([[40], [5], [3]]);
    await atRest();
    expect(stream.messages.map(({ subject, ids }) => [subject, ids.length]).sort()).toEqual([['strowger.events.grant.created', 5], ['strowger.events.token.issued', 40], ['strowger.events.token.rejected', 1]]);
    expect(stream.ids).toEqual([...items.map(item => item.id), refused.id].sort());
  });
  it('of over 256 events are still one insertMany, with a message for each 256', async () => {
    const turns = writer();
    await Promise.all(Array.from({ length: 300 }, () => put(turns, token())));
    expect([inserts(ACCESS_TOKENS), inserts(OUTBOX)]).toEqual([[300], [2]]);
    await atRest();
    expect(stream.messages.map(message => message.ids.length).sort()).toEqual([256, 44]);
  });
  it('of over 512 KiB of events are several messages, none larger', async () => {
    const turns = writer(), large = Array.from({ length: 200 }, () => token());
    for (const { owing } of large) for (const { event } of owing) Object.assign(event.data, { scope: 'x'.repeat(4096) });
    stream.away = true;
    await Promise.all(large.map(item => put(turns, item)));
    await sender.drain();
    const owed = await database.collection<OutboxDocument>(OUTBOX).find().toArray();
    expect(owed.length).toBeGreaterThan(1);
    for (const { batch } of owed) expect(batch.length).toBeLessThanOrEqual(512 * 1024);
    expect(owed.flatMap(({ batch }) => decodeBatch(batch))).toHaveLength(200);
  });
  it('wait while a turn is in flight, and grow', async () => {
    const turns = writer(undefined, faulty);
    faulty.faults.set(ACCESS_TOKENS, 'held');
    const work: Promise<unknown>[] = [];
    for (let round = 0; round < 6; round++) {
      work.push(...Array.from({ length: 7 }, () => put(turns, token())));
      await new Promise(resolve => setImmediate(resolve));
    }
    await eventually('a turn in flight', () => Promise.resolve(faulty.held.length === 1));
    faulty.faults.clear();
    for (const release of faulty.held.splice(0)) release();
    await Promise.all(work);
    expect(inserts(ACCESS_TOKENS)).toEqual([7, 35]);
  });
  it('are refused beyond the queue\'s bound, with nothing written of them, and taken again later', async () => {
    const turns = writer({ inFlight: 1, atOnce: 10, waiting: 3 });
    const outcomes = await Promise.all(Array.from({ length: 5 }, () => put(turns, token())));
    expect(outcomes.slice(0, 3)).toEqual(['durable', 'durable', 'durable']);
    for (const outcome of outcomes.slice(3)) expect(outcome).toBeInstanceOf(TooMuchWaiting);
    expect(await put(turns, token())).toBe('durable');
    await atRest();
    expect(await count(ACCESS_TOKENS)).toBe(4);
    expect(stream.ids).toHaveLength(4);
  });
  it('that waited too long for the turns before are refused without being sent', async () => {
    const turns = writer({ inFlight: 1, atOnce: 10, waiting: 10 }, faulty);
    faulty.faults.set(ACCESS_TOKENS, 'held');
    const first = put(turns, token());
    await eventually('the first in flight', () => Promise.resolve(faulty.held.length === 1));
    faulty.faults.clear();
    const second = put(turns, token()), clock = jest.spyOn(Date, 'now').mockReturnValue(Date.now() + 2000);
    for (const release of faulty.held.splice(0)) release();
    expect(await second).toBeInstanceOf(TooMuchWaiting);
    clock.mockRestore();
    expect(await first).toBe('durable');
    expect(inserts(ACCESS_TOKENS)).toEqual([1]);
  });
  it('drain to the last', async () => {
    const turns = writer({ inFlight: 1, atOnce: 2, waiting: 100 }), items = Array.from({ length: 9 }, () => token());
    const work = items.map(item => put(turns, item));
    await turns.drain();
    await atRest();
    expect(await Promise.all(work)).toEqual(Array(9).fill('durable'));
    expect(stream.ids).toHaveLength(9);
  });
});

describe('an insert is answered', () => {
  it.each([[ACCESS_TOKENS, OUTBOX], [OUTBOX, ACCESS_TOKENS]])('only when both are durable: not before %s, whatever %s says', async (held, other) => {
    faulty.faults.set(held, 'held');
    let answered = false;
    const item = token(), work = put(writer(undefined, faulty), item).then(outcome => { answered = true; return outcome; });
    await eventually('the other write', async () => await count(other) === 1 && faulty.held.length === 1);
    expect(answered).toBe(false);
    expect(stream.ids).toEqual([]);
    for (const release of faulty.held) release();
    expect(await work).toBe('durable');
    await atRest();
    expect(stream.ids).toEqual([item.id]);
  });
  it('although one of its turn is refused for certain, whose event is in no message', async () => {
    const turns = writer(), good = [token(), token(), token()], bad = token({ _id: ['no', 'array'] as never });
    const [one, refused, ...others] = await Promise.all([good[0], bad, good[1], good[2]].flatMap(item => item ? [put(turns, item)] : []));
    expect([one, ...others]).toEqual(['durable', 'durable', 'durable']);
    expect(refused).toBeInstanceOf(NotDurable);
    await atRest();
    expect(stream.ids).toEqual(good.map(item => item.id).sort());
    expect(await count(ACCESS_TOKENS)).toBe(3);
  });
  it('and where all of a turn are refused for certain, nothing is published and the outbox is empty', async () => {
    const turns = writer();
    expect(await put(turns, token({ _id: ['no'] as never }))).toBeInstanceOf(NotDurable);
    await atRest();
    expect(stream.ids).toEqual([]);
  });
  it('where a retry of the driver finds its own document there already; neighbours are not harmed', async () => {
    const turns = writer(), item = token(), other = token();
    await put(turns, item);
    expect(await Promise.all([put(turns, item), put(turns, other)])).toEqual(['durable', 'durable']);
    await atRest();
    expect(await count(ACCESS_TOKENS)).toBe(2);
    expect(new Set(stream.ids)).toEqual(new Set([item.id, other.id]));
  });
});

describe('an insert whose outcome is unknown', () => {
  it.each([[[ACCESS_TOKENS]], [[OUTBOX]], [[ACCESS_TOKENS, OUTBOX]]])('is read again, and answered where it stands: answers of %j lost', async lost => {
    for (const name of lost) faulty.faults.set(name, 'answer lost');
    const item = token();
    expect(await put(writer(undefined, faulty), item)).toBe('durable');
    await atRest();
    expect(stream.ids).toEqual([item.id]);
  });
  it('is not answered and not published where it is not there; its message stays for the relay, and neighbours of another collection live', async () => {
    faulty.faults.set(ACCESS_TOKENS, 'write lost');
    const turns = writer(undefined, faulty), item = token(), neighbour = grant();
    const [outcome, other] = await Promise.all([put(turns, item), put(turns, neighbour)]);
    expect(outcome).toBeInstanceOf(NotDurable);
    expect(other).toBe('durable');
    await sender.drain();
    expect(stream.ids).toEqual([neighbour.id]);
    const owed = await database.collection<OutboxDocument>(OUTBOX).find().toArray();
    expect(owed.map(({ sure, until, subject }) => ({ sure, until, subject }))).toEqual([{ sure: false, until: item.owing[0]?.until, subject: 'strowger.events.token.issued' }]);
  });
  it('is not answered where its message is not known to be durable; the event goes out all the same, for the token stands', async () => {
    faulty.faults.set(OUTBOX, 'write lost');
    const item = token();
    expect(await put(writer(undefined, faulty), item)).toBeInstanceOf(NotDurable);
    await sender.drain();
    expect(await count(ACCESS_TOKENS)).toBe(1);
    expect(stream.ids).toEqual([item.id]);
  });
  it('and that stands for no document is no event unless it is durable', async () => {
    faulty.faults.set(OUTBOX, 'write lost');
    await expect(writer(undefined, faulty).record(rejection())).rejects.toThrow(NotDurable);
    await sender.drain();
    expect(stream.ids).toEqual([]);
  });
  it('is given up at the deadline of five seconds where it cannot be read either', async () => {
    faulty.faults.set(ACCESS_TOKENS, 'answer lost');
    faulty.unreadable = true;
    const began = performance.now();
    expect(await put(writer(undefined, faulty), token())).toBeInstanceOf(NotDurable);
    expect(performance.now() - began).toBeGreaterThan(3000);
    expect(performance.now() - began).toBeLessThan(20_000);
    expect(await count(OUTBOX)).toBe(1);
  });
});

describe('what was published', () => {
  it('stays owed while the bus is away, and marks what lowers a right', async () => {
    stream.away = true;
    const recorder = new ChangeRecorder(database, sender, source);
    const event = makeEvent(source, 'grant.revoked', randomEventId(), 'g', new Date(), { tenant_id: 't', version: 2, grant_id: 'g', application_id: 'a', account_id: 'u', scope: 'rest' });
    await recorder.record(() => Promise.resolve({ result: undefined, events: [event, rejection()] }));
    await sender.drain();
    const owed = await database.collection<OutboxDocument>(OUTBOX).find().sort({ subject: 1 }).toArray();
    expect(owed.map(({ service, subject, sure, lowers }) => ({ service, subject, sure, lowers }))).toEqual([
      { service: 'token-service', subject: 'strowger.events.token.rejected', sure: true, lowers: undefined }, { service: 'token-service', subject: 'strowger.feed.lowering.grant.revoked', sure: true, lowers: true },
    ]);
  });
  it('is deleted several at a time', async () => {
    for (let i = 0; i < 24; i++) await writer().record(rejection());
    await atRest();
    expect(commands.filter(one => one.name === 'delete' && one.collection === OUTBOX).length).toBeLessThan(20);
  });
});

describe('a change and its events', () => {
  interface CounterDocument { _id: string; n: number; version: number }
  const counters = () => database.collection<CounterDocument>('counters');
  const raise = (fails?: Error) => async (session: mongo.ClientSession): Promise<Changed<number>> => {
    const before = await counters().findOne({ _id: 'x' }, { session });
    if (!before) throw new Error('no counter');
    const { modifiedCount } = await counters().updateOne({ _id: 'x', version: before.version }, { $inc: { n: 1, version: 1 } }, { session });
    if (fails) throw fails;
    return { result: before.n + 1, events: modifiedCount === 1 ? [makeEvent(source, 'grant.revoked', eventIdOf('counters', 'x', before.version + 1, 'grant.revoked'), 'x', new Date(), { tenant_id: 't', version: before.version + 1, grant_id: 'x', application_id: 'a', account_id: 'u', scope: 's' })] : [] };
  };
  const state = async () => ({ n: (await counters().findOne({ _id: 'x' }))?.n, owed: await count(OUTBOX), published: stream.ids.length });
  beforeEach(async () => { await counters().insertOne({ _id: 'x', n: 0, version: 1 }); });

  it('stand both: the result is given, the event goes out, the outbox is empty', async () => {
    expect(await new ChangeRecorder(database, sender, source).record(raise())).toBe(1);
    await atRest();
    expect(await state()).toEqual({ n: 1, owed: 0, published: 1 });
  });
  it('stand neither where the change throws, which is what the caller gets', async () => {
    await expect(new ChangeRecorder(database, sender, source).record(raise(new TypeError('mine')))).rejects.toThrow('mine');
    expect(await state()).toEqual({ n: 0, owed: 0, published: 0 });
  });
  it('stand neither where the transaction cannot be committed', async () => {
    const work = new ChangeRecorder(database, sender, source).record(async session => {
      session.commitTransaction = () => Promise.reject(new mongo.MongoServerError({ message: 'not committed', code: 2 }));
      return raise()(session);
    });
    await expect(work).rejects.toThrow('not committed');
    expect(await state()).toEqual({ n: 0, owed: 0, published: 0 });
  });
  it('stand neither where the event cannot be stored', async () => {
    const broken = { connection: database.connection, collection: (name: string) => name === OUTBOX ? { insertMany: () => Promise.reject(new mongo.MongoServerError({ message: 'no', code: 2 })) } : database.collection(name) } as unknown as Database;
    await expect(new ChangeRecorder(broken, sender, source).record(raise())).rejects.toThrow('no');
    expect(await state()).toEqual({ n: 0, owed: 0, published: 0 });
  });
  it('stand once each where many change the same document at once: who meets another is run again', async () => {
    const recorders = [0, 1].map(() => new ChangeRecorder(database, new Sender(database, stream), source));
    let runs = 0;
    const results = await Promise.all(Array.from({ length: 8 }, (_, i) => (recorders[i % 2] ?? new ChangeRecorder(database, sender, source)).record(session => { runs++; return raise()(session); })));
    expect(results.sort((a, b) => a - b)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    expect(runs).toBeGreaterThan(8);
    await eventually('an empty outbox', async () => await count(OUTBOX) === 0);
    expect(new Set(stream.ids).size).toBe(8);
    expect(await state()).toMatchObject({ n: 8, published: 8 });
  });
  it('make no outbox entry where there is no event', async () => {
    await new ChangeRecorder(database, sender, source).record(() => Promise.resolve({ result: 7, events: [] }));
    expect(inserts(OUTBOX)).toEqual([]);
  });
});
