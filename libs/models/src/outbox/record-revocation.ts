import { mongo } from 'mongoose';
import { OAuthError } from '@strowger/oauth-core/oauth-error';
import { isDatabaseUnavailable } from '../database';
import { Changed, ChangeRecorder, isConflict } from './change-recorder';

/**
 * Records a change that goes one way only, such as a revocation. Where the database's answer never came, `stands` looks
 * whether it is so now: who made it so makes no difference to whoever asked, and its event is in the same transaction.
 * @throws whatever `change` throws, with nothing changed
 * @throws OAuthError temporarily_unavailable - nobody knows whether it happened; asking again is safe
 */
export async function recordRevocation(recorder: ChangeRecorder, change: (session: mongo.ClientSession) => Promise<Changed<void>>, stands: () => Promise<boolean>): Promise<void> {
  try {
    await recorder.record(change);
  } catch (cause) {
    const unknown = isDatabaseUnavailable(cause);
    if (!unknown && !isConflict(cause)) throw cause;
    if (unknown && await stands().catch(() => false)) return;
    throw new OAuthError('temporarily_unavailable', 'the revocation could not be confirmed; try again', { cause, retryAfterSeconds: 1 });
  }
}
