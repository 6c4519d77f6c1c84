import { By, Origin } from '@strowger/oauth-core/ports';
import { Database } from '../database';
import { ChangeRecorder } from '../outbox/change-recorder';
import { eventIdOf, makeEvent } from '../outbox/make-event';
import { recordRevocation } from '../outbox/record-revocation';
import { ConsentDocument, CONSENTS } from './consents.schema';

/** Lists what people allowed, and takes it back. */
export class ConsentsStore {
  constructor(private readonly database: Database, private readonly changes: ChangeRecorder) {}

  /** An account's consents that stand, at most `limit`, in order of the application's id, those after the id `after`. */
  async ofAccount(accountId: string, limit: number, after?: string): Promise<ConsentDocument[]> {
    return this.collection().find({ account_id: accountId, status: 'active', ...(after !== undefined && { application_id: { $gt: after } }) }).sort({ application_id: 1 }).limit(limit).toArray();
  }

  /**
   * Marks a consent removed, by compare-and-set, with its event: no grant under it gives a token any more. Removed already: nothing.
   * @throws OAuthError temporarily_unavailable - nobody knows whether it happened; asking again is safe
   */
  async remove({ _id, tenant_id, version: before, application_id, account_id, scope }: ConsentDocument, by: By, origin: Origin): Promise<void> {
    const version = before + 1;
    const event = makeEvent(this.changes.source, 'consent.removed', eventIdOf(CONSENTS, _id, version, 'consent.removed'), _id, new Date(), { tenant_id, version, by, ...origin, application_id, account_id, scope });
    await recordRevocation(this.changes, async session => {
      const { modifiedCount } = await this.collection().updateOne({ _id, version: before, status: 'active' }, { $set: { status: 'removed' }, $inc: { version: 1 } }, { session });
      return { result: undefined, events: modifiedCount === 1 ? [event] : [] };
    }, async () => (await this.collection().findOne({ _id }, { projection: { status: 1 } }))?.status === 'removed');
  }

  private collection() { return this.database.collection<ConsentDocument>(CONSENTS); }
}
