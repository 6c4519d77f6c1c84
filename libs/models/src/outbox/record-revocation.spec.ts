import { mongo } from 'mongoose';
import { ChangeRecorder } from './change-recorder';
import { recordRevocation } from './record-revocation';

/** A recorder whose change ends like this. */
const ending = (error?: Error): ChangeRecorder => ({ record: () => error ? Promise.reject(error) : Promise.resolve() }) as unknown as ChangeRecorder;
const revoke = (error: Error | undefined, stands: () => Promise<boolean>): Promise<void> => recordRevocation(ending(error), () => Promise.resolve({ result: undefined, events: [] }), stands);
const lost = new mongo.MongoNetworkError('the answer never came');
const later = { code: 'temporarily_unavailable', retryAfterSeconds: 1 };

it('does not ask again where the database answered', async () => {
  await revoke(undefined, () => Promise.reject(new Error('asked')));
});
it('is done where the answer was lost and it is so', async () => { await revoke(lost, () => Promise.resolve(true)); });
it('S76: says that nobody knows, never that it is done, where the answer was lost and it is not so, or nobody can say', async () => {
  await expect(revoke(lost, () => Promise.resolve(false))).rejects.toMatchObject(later);
  await expect(revoke(lost, () => Promise.reject(lost))).rejects.toMatchObject(later);
});
it('is refused where others kept changing the same document', async () => {
  await expect(revoke(new mongo.MongoServerError({ message: 'conflict', code: 112 }), () => Promise.resolve(true))).rejects.toMatchObject(later);
});
it('throws what the change throws', async () => {
  await expect(revoke(new TypeError('wrong'), () => Promise.resolve(true))).rejects.toThrow('wrong');
});
