import { mongo } from 'mongoose';

// node race-writer.fixture.js URI: for each round told by the parent, races for one compare-and-set and one unique key, and reports.
const client = new mongo.MongoClient(process.argv[2] ?? '');
const race = client.db().collection<{ _id: string; generation: number }>('race');
const unique = client.db().collection('race_unique');

async function round(id: string): Promise<object> {
  const swaps = await Promise.all(Array.from({ length: 12 }, () => race.findOneAndUpdate({ _id: id, generation: 0 }, { $inc: { generation: 1 } })));
  const inserts = await Promise.all(Array.from({ length: 4 }, () => unique.insertOne({ key: id }).then(() => 'inserted', (error: unknown) => (error instanceof mongo.MongoServerError ? error.code : error))));
  return { swapped: swaps.filter(Boolean).length, inserted: inserts.filter(result => result === 'inserted').length, duplicates: inserts.filter(result => result === 11000).length };
}
async function main(): Promise<void> {
  await client.connect();
  await Promise.all(Array.from({ length: 10 }, () => race.findOne({}))); // every connection is open before the race
  process.on('message', (id: unknown) => { if (typeof id === 'string') void round(id).then(result => process.send?.(result)); });
  process.on('disconnect', () => process.exit());
  process.send?.('ready');
}
void main();
