import { randomBytes } from 'node:crypto';
import { mongo } from 'mongoose';
import { StrowgerEvent } from '@strowger/contracts/event-catalogue';
import { OAuthError } from '@strowger/oauth-core/oauth-error';
import { Database, isDatabaseUnavailable } from '../database';
import { Changed, ChangeRecorder, isConflict } from './change-recorder';

const MARK_BYTES = 12;
const ASK_AGAIN_MS = 1000;

/** What a change makes of a document it has read: how it is to stand, and the events of that. No events: nothing is written. */
export interface Decided<D, R> { readonly after: D; readonly events: readonly StrowgerEvent[]; readonly result: R }

/**
 * Records a change of document `id` (and of others with it) whose outcome can be asked for: what it writes carries the
 * random `mark` as `attempt`. Where the database's answer never came, the document is read again and tells.
 * @throws whatever `change` throws, with nothing changed
 * @throws OAuthError temporarily_unavailable - the database is away, or others kept changing the same document; if the
 * change happened all the same, its events follow from the outbox
 */
export async function recordAttempt<T>(
  database: Database, recorder: ChangeRecorder, collection: string, id: string, change: (session: mongo.ClientSession, mark: string) => Promise<Changed<T>>,
): Promise<T> {
  const mark = randomBytes(MARK_BYTES).toString('base64url');
  let made: Changed<T> | undefined;
  try {
    return await recorder.record(async session => {
      made = undefined;
      made = await change(session, mark);
      return made;
    });
  } catch (cause) {
    const unknown = isDatabaseUnavailable(cause);
    if (!unknown && !isConflict(cause)) throw cause;
    if (unknown && made && await stands(database, collection, id, mark)) return made.result;
    throw new OAuthError('temporarily_unavailable', 'the change could not be confirmed; look whether it happened before you try again', { cause, retryAfterSeconds: 1 });
  }
}

/** Thrown where a compare-and-set on `version` matched nothing. */
export const outrun = (): OAuthError =>
  new OAuthError('temporarily_unavailable', 'somebody else was changing the same thing; try again', { retryAfterSeconds: 1 });

async function stands(database: Database, collection: string, id: string, attempt: string): Promise<boolean> {
  try {
    return await database.collection<{ _id: string; attempt?: string }>(collection).findOne({ _id: id, attempt }, { projection: { _id: 1 }, maxTimeMS: ASK_AGAIN_MS }) !== null;
  } catch {
    return false;      // nobody can say: the caller answers that
  }
}
