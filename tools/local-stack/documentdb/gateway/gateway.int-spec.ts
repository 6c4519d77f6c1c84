import { ChildProcess, fork } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { mongo } from 'mongoose';
import { mongoCommand } from '../../mongo-command';
import { builtFile } from '../../repository-root';
import { RunningServers, startServers } from '../../servers';

interface Doc {
  _id?: string | number; n?: number; group?: number; pad?: string; at?: Date; last?: Date; first?: boolean; k?: string | number;
  a?: { b: string }; same?: number; generation?: number;
}
const dataDir = mkdtempSync(join(tmpdir(), 'strowger-gateway-'));
let servers: RunningServers, client: mongo.MongoClient, db: mongo.Db;
const uri = () => servers.mongodbUri('gateway');
const times = <T>(count: number, make: (i: number) => T): T[] => Array.from({ length: count }, (_, i) => make(i));
const failure = async (work: Promise<unknown>): Promise<mongo.MongoServerError> => {
  const error: unknown = await work.then(() => undefined, (reason: unknown) => reason);
  if (error instanceof mongo.MongoServerError) return error;
  throw new Error(`no server error, but ${String(error)}`);
};
let made = 0;
/** A collection of its own for a test. */
const fresh = () => db.collection<Doc>(`c${String(made++)}`);

beforeAll(async () => {
  servers = await startServers({ dataDir, log: () => undefined });
  client = await new mongo.MongoClient(uri(), { maxPoolSize: 100, serverSelectionTimeoutMS: 20_000 }).connect();
  db = client.db();
}, 300_000);
afterAll(async () => {
  await client.close();
  await servers.stop();
  rmSync(dataDir, { recursive: true, force: true });
});

describe('reading', () => {
  let items: mongo.Collection<Doc>;
  beforeAll(async () => {
    items = db.collection('items');
    await items.insertMany(times(3000, i => ({ _id: i, n: i, group: i % 7, pad: 'x'.repeat(50) })));
    await items.createIndex({ n: 1 }, {}, {});
  });
  const reads: [string, () => AsyncIterable<Doc>][] = [
    ['a find', () => items.find({}).batchSize(100)],
    ['a filtered find', () => items.find({ n: { $gte: 0 } }).batchSize(100)],
    ['a sorted find', () => items.find({}).sort({ n: -1 }).batchSize(100)],
    ['a limited find', () => items.find({}).limit(3000).batchSize(100)],
    ['a find with limit 0', () => items.find({}).limit(0).batchSize(100)],
    ['an aggregation', () => items.aggregate<Doc>([{ $match: { n: { $gte: 0 } } }], { batchSize: 100 })],
    ['a sorted aggregation', () => items.aggregate<Doc>([{ $sort: { n: 1 } }], { batchSize: 100 })],
  ];
  it.each(reads)('gives each document once to %s, though documents are updated meanwhile', async (_name, open) => {
    const seen: (string | number)[] = [];
    for await (const { _id = '' } of open()) {
      seen.push(_id);
      if (seen.length % 100 === 0) await items.updateMany({ _id: { $in: seen.slice(-300) } }, { $set: { pad: 'y'.repeat(60 + seen.length % 50) } });
    }
    expect(seen).toHaveLength(3000);
    expect(new Set(seen).size).toBe(3000);
  });
  it('answers single commands while 50 cursors are open', async () => {
    const cursors = times(50, () => items.find({}).sort({ n: 1 }).batchSize(10));
    await Promise.all(cursors.map(cursor => cursor.next()));
    await expect(Promise.all(times(50, i => items.findOne({ _id: i })))).resolves.not.toContain(null);
    await Promise.all(cursors.map(cursor => cursor.close()));
  });
  it('knows a cursor that is gone', async () => {
    expect((await failure(db.command({ getMore: mongo.Long.fromNumber(12_345), collection: 'items' }))).code).toBe(43);
  });
  it('counts, groups, joins and tells distinct values', async () => {
    expect(await items.countDocuments({ group: 0 })).toBe(429);
    expect(await items.distinct('group')).toHaveLength(7);
    expect(await items.aggregate([{ $group: { _id: '$group', count: { $sum: 1 } } }, { $sort: { _id: 1 } }, { $limit: 1 }]).toArray()).toEqual([{ _id: 0, count: 429 }]);
    expect(await items.aggregate([{ $match: { _id: 1 } }, { $lookup: { from: 'items', localField: 'group', foreignField: '_id', as: 'found' } }, { $project: { _id: 0, size: { $size: '$found' } } }]).toArray()).toEqual([{ size: 1 }]);
  });
});

describe('writing', () => {
  it('compares with and writes the database\'s time', async () => {
    const c = fresh();
    await c.insertOne({ _id: 1 });
    await c.updateOne({ _id: 1 }, { $currentDate: { at: true }, $max: { last: new Date(5) } });
    await c.updateOne({ _id: 1 }, { $max: { last: new Date(3) } });
    expect((await c.findOne({ _id: 1 }))?.last).toEqual(new Date(5));
    const within = (ms: number) => c.findOneAndUpdate({ _id: 1, $expr: { $gt: ['$at', { $subtract: ['$$NOW', ms] }] } }, { $inc: { n: 1 } }, { returnDocument: 'after' });
    expect(await within(60_000)).toMatchObject({ n: 1 });
    expect(await within(-60_000)).toBeNull();
  });
  it('inserts, then counts up one document by upserts, in bulk too', async () => {
    const c = fresh();
    const up = () => c.findOneAndUpdate({ _id: 'k' }, { $inc: { n: 1 }, $setOnInsert: { first: true } }, { upsert: true, returnDocument: 'after' });
    expect(await up()).toEqual({ _id: 'k', n: 1, first: true });
    expect(await up()).toEqual({ _id: 'k', n: 2, first: true });
    const done = await c.bulkWrite([{ insertOne: { document: { _id: 'b' } } }, { updateOne: { filter: { _id: 'k' }, update: { $set: { n: 9 } } } }, { deleteOne: { filter: { _id: 'b' } } }]);
    expect([done.insertedCount, done.modifiedCount, done.deletedCount]).toEqual([1, 1, 1]);
  });
  it('names the key of a duplicate', async () => {
    const c = fresh();
    await c.createIndex({ 'a.b': 1, k: -1 }, { unique: true }, {});
    await c.insertOne({ _id: 1, a: { b: 'x' }, k: 2 });
    expect(await failure(c.insertOne({ a: { b: 'x' }, k: 2 }))).toMatchObject({ code: 11000, keyPattern: { 'a.b': 1, k: -1 } });
    expect(await failure(c.insertMany([{ a: { b: 'y' } }, { a: { b: 'x' }, k: 2 }]))).toMatchObject({ code: 11000 });
    expect(await failure(c.insertOne({ _id: 1 }))).toMatchObject({ code: 11000, keyPattern: { _id: 1 } });
    await c.insertOne({ _id: 3, k: 3 });
    expect(await failure(c.findOneAndUpdate({ _id: 3 }, { $set: { 'a.b': 'x', k: 2 } }))).toMatchObject({ code: 11000, keyPattern: { 'a.b': 1, k: -1 } });
  });
  it('stops an ordered batch at its first error and carries an unordered one on', async () => {
    const c = fresh();
    await c.insertOne({ _id: 'taken' });
    const batch = (p: string) => [{ _id: `${p}1` }, { _id: 'taken' }, { _id: `${p}2` }];
    await failure(c.insertMany(batch('o')));
    await failure(c.insertMany(batch('u'), { ordered: false }));
    expect((await c.find({}).sort({ _id: 1 }).toArray()).map(({ _id }) => _id)).toEqual(['o1', 'taken', 'u1', 'u2']);
  });
  it('answers with MongoDB\'s error codes', async () => {
    const c = fresh();
    await c.createIndex({ k: 1 }, { unique: true }, {});
    await c.insertMany([{ _id: 1, k: 1, same: 1 }, { _id: 2, k: 2, same: 1 }]);
    const code = async (work: Promise<unknown>) => (await failure(work)).code;
    expect(await code(c.createIndex({ k: 1 }, { unique: true, name: 'other' }, {}))).toBe(85);
    expect(await code(c.createIndex({ z: 1 }, { name: 'k_1' }, {}))).toBe(86);
    expect(await code(c.updateOne({ _id: 1 }, { $set: { _id: 5 } }))).toBe(66);
    expect(await code(c.find({ a: { $nope: 1 } }).toArray())).toBe(2);
    expect(await code(c.dropIndex('nope'))).toBe(27);
    expect(await code(c.updateOne({}, { $nope: 1 }))).toBe(9);
    expect(await code(c.createIndex({ same: 1 }, { unique: true }, {}))).toBe(11000);
    expect(await code(db.command({ nope: 1 }))).toBe(59);
  });
  it('keeps a unique key unique among batches that overlap in different orders', async () => {
    const c = fresh();
    await c.createIndex({ k: 1 }, { unique: true }, {});
    for (let round = 0; round < 15; round++) {
      const keys = times(10, i => ({ k: `${String(round)}-${String(i)}` }));
      await Promise.all(times(8, i => c.insertMany((i % 2 ? keys : keys.toReversed()).map(key => ({ ...key })), { ordered: false }).catch((error: unknown) => { expect(error).toMatchObject({ code: 11000 }); })));
    }
    expect(await c.countDocuments()).toBe(150);
  });
  it('counts every upsert of a race for one unique key', async () => {
    const c = fresh();
    await c.createIndex({ k: 1 }, { unique: true }, {});
    for (let k = 0; k < 10; k++) {
      await Promise.all(times(20, () => c.findOneAndUpdate({ k }, { $inc: { n: 1 } }, { upsert: true })));
      expect(await c.find({ k }, { projection: { _id: 0 } }).toArray()).toEqual([{ k, n: 20 }]);
    }
  });
  it('creates indexes of ten collections at once', async () => {
    await Promise.all(times(10, () => { const c = fresh(); return Promise.all([{ a: 1 as const }, { b: 1 as const }].map(key => c.createIndex(key, {}, {}))); }));
  });
  it('lets one of two processes win a compare-and-set and a unique key', async () => {
    await db.collection('race_unique').createIndex({ key: 1 }, { unique: true }, {});
    const children = times(2, (): ChildProcess => fork(builtFile('tools/local-stack/documentdb/gateway/race-writer.fixture.ts'), [uri()]));
    try {
      await Promise.all(children.map(child => once(child, 'message')));
      for (let round = 0; round < 25; round++) {
        await db.collection<Doc>('race').insertOne({ _id: `r${String(round)}`, generation: 0 });
        const results = await Promise.all(children.map(async child => { child.send(`r${String(round)}`); return (await once(child, 'message') as [Record<string, number>])[0]; }));
        const sum = (name: string) => results.reduce((total, result) => total + (result[name] ?? 0), 0);
        expect([sum('swapped'), sum('inserted'), sum('duplicates')]).toEqual([1, 1, 7]);
      }
    } finally { for (const child of children) child.disconnect(); }
  });
});

describe('transactions', () => {
  it('lose no increment to a conflict', async () => {
    const c = fresh();
    await c.insertOne({ _id: 'x', n: 0 });
    await Promise.all(times(8, async () => {
      for (let i = 0; i < 5; i++) {
        await client.withSession(session => session.withTransaction(async () => {
          const n = Number((await c.findOne({ _id: 'x' }, { session }))?.n);
          await c.updateOne({ _id: 'x' }, { $set: { n: n + 1 } }, { session });
        }));
      }
    }));
    expect(await c.findOne({ _id: 'x' })).toEqual({ _id: 'x', n: 40 });
  });
  it('are undone whole by an error of the caller', async () => {
    const c = fresh();
    await c.insertOne({ _id: 'x' });
    const work = client.withSession(session => session.withTransaction(async () => { await c.insertOne({ _id: 'y' }, { session }); throw new Error('no'); }));
    await expect(work).rejects.toThrow('no');
    expect(await c.countDocuments()).toBe(1);
  });
  it('are ended by a duplicate key, as in mongod', async () => {
    const c = fresh();
    await c.insertOne({ _id: 'x' });
    await client.withSession(async session => {
      session.startTransaction();
      await c.insertOne({ _id: 'y' }, { session });
      expect((await failure(c.insertOne({ _id: 'x' }, { session }))).code).toBe(11000);
      expect((await failure(session.commitTransaction())).code).toBe(251);
    });
    expect(await c.findOne({ _id: 'y' })).toBeNull();
  });
  it('read their own writes, which others see after the commit', async () => {
    const c = fresh();
    await c.insertOne({ _id: 'x' });
    await client.withSession(async session => {
      session.startTransaction();
      await c.insertOne({ _id: 'z' }, { session });
      expect([await c.findOne({ _id: 'z' }, { session }), await c.findOne({ _id: 'z' })]).toEqual([{ _id: 'z' }, null]);
      await session.commitTransaction();
      expect(await c.findOne({ _id: 'z' })).toEqual({ _id: 'z' });
    });
  });
});

describe('a driver that repeats a command', () => {
  const port = () => Number(new URL(uri()).port);
  const session = () => ({ lsid: { id: new mongo.UUID(randomUUID()) } });
  const repeated = (command: mongo.Document) => Promise.all(times(5, () => mongoCommand(port(), { ...command, $db: 'gateway' })));
  it('gets the first reply, and the command ran once', async () => {
    const own = session(), name = fresh().collectionName;
    const commands: mongo.Document[] = [
      { insert: name, documents: [{ _id: 1, n: 0 }, { _id: 2, n: 0 }] }, { update: name, updates: [{ q: { _id: 1 }, u: { $inc: { n: 1 } } }] },
      { findAndModify: name, query: { _id: 1 }, update: { $inc: { n: 1 } }, new: true }, { delete: name, deletes: [{ q: { _id: 2 }, limit: 1 }] },
    ];
    for (const [i, command] of commands.entries()) {
      const [first, ...others] = await repeated({ ...command, ...own, txnNumber: mongo.Long.fromNumber(i + 1) });
      expect(first).toMatchObject({ ok: 1 });
      for (const other of others) expect(other).toEqual(first);
    }
    expect(await db.collection(name).find({}).toArray()).toEqual([{ _id: 1, n: 2 }]);
    expect(await mongoCommand(port(), { ...commands[0], ...own, txnNumber: mongo.Long.fromNumber(1), $db: 'gateway' })).toMatchObject({ ok: 0, code: 225 });
  });
});

describe('kill -9', () => {
  it.each([['the gateway', () => servers.databaseGateway ?? servers.database], ['the database', () => servers.database]])('of %s loses no acknowledged write', async (_name, server) => {
    const c = fresh(), acknowledged: string[] = [];
    await c.insertOne({ _id: 'counter', n: 0 });
    let running = true, counted = 0, unknown = 0;
    const writers = times(6, async writer => {
      for (let i = 0; running; i++) {
        const ids = times(10, j => `${String(writer)}-${String(i)}-${String(j)}`);
        if (writer < 4) await c.insertMany(ids.map(_id => ({ _id }))).then(() => acknowledged.push(...ids), () => undefined);
        else await c.updateOne({ _id: 'counter' }, { $inc: { n: 1 } }).then(() => counted++, () => unknown++);
      }
    });
    for (let kill = 0; kill < 3; kill++) {
      const before = acknowledged.length;
      while (acknowledged.length < before + 200) await once(process, 'never', { signal: AbortSignal.timeout(20) }).catch(() => undefined);
      server().kill('SIGKILL');
      while (server().pid() !== undefined) await new Promise(resolve => { setImmediate(resolve); });
      await server().start();
    }
    running = false;
    await Promise.all(writers);
    const stored = new Set((await c.find({}).toArray()).map(({ _id }) => _id));
    expect(acknowledged.filter(id => !stored.has(id))).toEqual([]);
    const n = Number((await c.findOne({ _id: 'counter' }))?.n);
    expect(n).toBeGreaterThanOrEqual(counted);
    expect(n).toBeLessThanOrEqual(counted + unknown);
  });
});
