import { mongo } from 'mongoose';
import { StrowgerEvent } from '@strowger/contracts/event-catalogue';
import { Database, isDatabaseUnavailable } from '../database';
import { ChangeRecorder } from '../outbox/change-recorder';
import { outrun } from '../outbox/record-attempt';
import { GrantDocument, GRANTS } from './grants.schema';

const DUPLICATE_KEY = 11000;

/**
 * Records what a person decided, with the grant that `write` inserts under this id in the same transaction; `write` answers its events. Where the database's answer
 * never came, the grant is looked for: it tells whether all of it happened.
 * @throws OAuthError temporarily_unavailable - the same consent was given for the first time meanwhile; whatever `write` throws, with nothing changed; a
 * database error where nobody knows
 */
export async function recordGrant(database: Database, changes: ChangeRecorder, grantId: string, write: (session: mongo.ClientSession) => Promise<readonly StrowgerEvent[]>): Promise<void> {
  try {
    await changes.record(async session => ({ result: undefined, events: await write(session) }));
  } catch (error) {
    if (error instanceof mongo.MongoServerError && error.code === DUPLICATE_KEY) throw outrun();
    if (!isDatabaseUnavailable(error) || await database.collection<GrantDocument>(GRANTS).findOne({ _id: grantId }, { projection: { _id: 1 } }) === null) throw error;
  }
}
