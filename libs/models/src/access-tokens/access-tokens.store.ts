import { By, Origin } from '@strowger/oauth-core/ports';
import { Database } from '../database';
import { ChangeRecorder } from '../outbox/change-recorder';
import { eventIdOf, makeEvent } from '../outbox/make-event';
import { recordRevocation } from '../outbox/record-revocation';
import { ACCESS_TOKENS, AccessTokenDocument } from './access-tokens.schema';

/** Changes stored access tokens, which once they are inserted only means: revokes them. */
export class AccessTokensStore {
  constructor(private readonly database: Database, private readonly changes: ChangeRecorder) {}

  /**
   * Revokes a token by compare-and-set, with its event; it is dead when this answers. Revoked already: nothing.
   * @throws OAuthError temporarily_unavailable - nobody knows whether it happened; asking again is safe
   */
  async revoke(token: AccessTokenDocument, reason: string, by: By, origin: Origin): Promise<void> {
    const { _id } = token, id = _id.toString('base64url'), version = token.version + 1;
    const event = makeEvent(this.changes.source, 'token.revoked', eventIdOf(ACCESS_TOKENS, id, version, 'token.revoked'), id, new Date(), {
      tenant_id: token.tenant_id, version, by, ...origin, token_id: id, ...(token.grant_id !== undefined && { grant_id: token.grant_id }), reason,
    });
    await recordRevocation(this.changes, async session => {
      const { modifiedCount } = await this.collection().updateOne(
        { _id, version: token.version, revoked_at: { $exists: false } }, { $currentDate: { revoked_at: true }, $inc: { version: 1 } }, { session },
      );
      return { result: undefined, events: modifiedCount === 1 ? [event] : [] };
    }, async () => (await this.collection().findOne({ _id }, { projection: { revoked_at: 1 } }))?.revoked_at !== undefined);
  }

  private collection() { return this.database.collection<AccessTokenDocument>(ACCESS_TOKENS); }
}
