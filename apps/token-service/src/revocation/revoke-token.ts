import { AccessTokensStore } from '@strowger/models/access-tokens/access-tokens.store';
import { ApplicationFacts } from '@strowger/oauth-core/facts';
import { Grants, Origin } from '@strowger/oauth-core/ports';
import { PresentedRefreshToken, presentedRefreshToken, RefreshKeys } from '@strowger/oauth-core/refresh-token';
import { StoredTokens } from '../introspection/stored-tokens';

const REASON = 'revoked_by_client';

/**
 * Revokes a token that a client presents (RFC 7009). A refresh token of any generation ends its grant and with it every
 * access token that came of it. The two kinds differ in form, so that a token is found whatever the hint says.
 */
export class RevokeToken {
  constructor(private readonly tokens: StoredTokens, private readonly revocations: AccessTokensStore, private readonly grants: Grants, private readonly keys: RefreshKeys) {}

  /** Of an unknown, dead or another client's token nothing happens, and nobody is told which it was. @throws OAuthError temporarily_unavailable */
  async run(text: string, client: ApplicationFacts, origin: Origin): Promise<void> {
    const presented = presentedRefreshToken(text);
    if (presented) await this.endGrant(presented, client, origin); else await this.endToken(text, client, origin);
  }

  private async endGrant(presented: PresentedRefreshToken, client: ApplicationFacts, origin: Origin): Promise<void> {
    const grant = (await this.grants.read(presented.grantId))?.grant;
    if (grant?.status !== 'active' || grant.application_id !== client.id || !this.keys.made(grant, presented)) return;
    await this.grants.revoke(grant, REASON, { client_id: client.client_id }, origin);
  }

  private async endToken(text: string, client: ApplicationFacts, origin: Origin): Promise<void> {
    const token = await this.tokens.find(text);
    if (token?.application_id !== client.id || !this.tokens.isLive(token)) return;
    await this.revocations.revoke(token, REASON, { client_id: client.client_id }, origin);
  }
}
