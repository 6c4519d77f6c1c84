import { mongo } from 'mongoose';
import { isDatabaseUnavailable } from './database';
import { refusalsOf } from './refusals';

type Failure = ConstructorParameters<typeof mongo.MongoBulkWriteError>[0];
/** The driver's error of an insertMany of which `insertedCount` documents are known to be durable. */
function bulkError(failure: Failure, insertedCount: number, writeConcernError?: object): Error {
  const result = { insertedCount, getWriteConcernError: () => writeConcernError };
  return new mongo.MongoBulkWriteError(failure, result as unknown as mongo.BulkWriteResult);
}
const refusing = (...codes: number[]): Failure => ({ message: 'write errors', code: 11000, writeErrors: codes.map((code, index) => ({ index, code }) as mongo.WriteError) });

describe('what an insertMany was refused', () => {
  it('is known where every document is accounted for', () => {
    expect(refusalsOf(bulkError(refusing(11000, 121), 3), 5)).toEqual([{ index: 0, code: 11000 }, { index: 1, code: 121 }]);
    expect(refusalsOf(bulkError(refusing(11000), 0), 1)).toEqual([{ index: 0, code: 11000 }]);
  });

  it.each<[string, unknown]>([
    ['a lost connection, which the driver reports as a bulk write error', bulkError(new mongo.MongoNetworkError('connection closed'), 0)],
    ['a lost connection after a part was inserted', bulkError(new mongo.MongoNetworkError('connection closed'), 2)],
    ['refusals that do not account for every document', bulkError(refusing(11000), 3)],
    ['a write concern that failed', bulkError(refusing(11000), 4, { code: 64 })],
    ['an error that is no bulk write error', new mongo.MongoServerSelectionError('no server', new Error() as never)],
    ['no error of the database', new Error('x')],
  ])('is open after %s', (_, error) => {
    expect(refusalsOf(error, 5)).toBeUndefined();
  });
});

describe('an operation whose server could not be asked, or did not answer', () => {
  it('is one that lost its connection, inside an insertMany too; not one that was refused', () => {
    expect(isDatabaseUnavailable(bulkError(new mongo.MongoNetworkError('connection closed'), 0))).toBe(true);
    expect(isDatabaseUnavailable(new mongo.MongoNetworkError('connection closed'))).toBe(true);
    expect(isDatabaseUnavailable(bulkError(refusing(121), 0))).toBe(false);
    expect(isDatabaseUnavailable(new mongo.MongoServerError({ message: 'duplicate', code: 11000 }))).toBe(false);
  });
});
