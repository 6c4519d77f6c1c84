import { notFound } from '@strowger/auth/api-error';
import { AccessTokensStore } from '@strowger/models/access-tokens/access-tokens.store';
import { AccessTokenClaims } from '@strowger/oauth-core/facts';
import { Origin } from '@strowger/oauth-core/ports';
import { StoredTokens } from '../introspection/stored-tokens';
import { ReachedAccounts } from './reached-accounts';

/** Revokes one token by its id, for who may see it. */
export class RemoveToken {
  constructor(private readonly tokens: StoredTokens, private readonly revocations: AccessTokensStore, private readonly reached: ReachedAccounts) {}

  /**
   * Of a token that is dead already nothing happens, so that a lost answer can be asked for again. `id`: 16 bytes.
   * @throws ApiError 404 - there is none, or it is none of the caller's business
   * @throws OAuthError temporarily_unavailable
   */
  async run(id: Buffer | undefined, caller: AccessTokenClaims, origin: Origin): Promise<void> {
    const token = id && await this.tokens.byId(id);
    if (token?.tenant_id !== caller.tenant_id || !(await this.reached.reaches(caller, token.sub))) throw notFound('token');
    if (!this.tokens.isLive(token)) return;
    const { sub, client_id, act } = caller;
    await this.revocations.revoke(token, token.sub === sub ? 'revoked_by_account' : 'revoked_by_administrator', { account_id: sub, client_id, ...(act && { act }) }, origin);
  }
}
