import { mayUseGrant } from '@strowger/oauth-core/application-rules';
import { ApplicationFacts } from '@strowger/oauth-core/facts';
import { TokenRequest } from '@strowger/oauth-core/grants/grant';
import { OAuthError } from '@strowger/oauth-core/oauth-error';
import { Facts } from '@strowger/oauth-core/ports';
import { TokenServer } from './oauth2orize-token.server';
import { OutboxAge } from './outbox-age';
import { TokenAnswer, TokenIssuer } from './token-issuer';

/** Issues a token to an authenticated client, by the grant it asks for. */
export class IssueToken {
  constructor(private readonly server: TokenServer, private readonly issuer: TokenIssuer, private readonly facts: Facts, private readonly outboxAge: OutboxAge) {}

  /** The grant types there are. */
  get grantTypes(): readonly string[] { return this.server.grantTypes; }

  /**
   * @throws OAuthError unauthorized_client - the application is disabled, or may not use this grant
   * @throws OAuthError unsupported_grant_type, temporarily_unavailable, and what the grant refuses with
   */
  async run(grantType: string, request: TokenRequest): Promise<TokenAnswer> {
    if (this.server.grantTypes.includes(grantType)) await this.assertAllowed(request.client, grantType, request.at);
    this.outboxAge.assertYoung();
    return this.issuer.issue(grantType, request, await this.server.decide(grantType, request));
  }

  /** A refresh is besides judged by the grant's own type, once that is read; a disabled application's token is simply dead. */
  private async assertAllowed(client: ApplicationFacts, grantType: string, at: Date): Promise<void> {
    if (client.status !== 'active' && grantType !== 'refresh_token') throw new OAuthError('unauthorized_client', 'the application is disabled; its owner or an administrator can enable it');
    const allowed = mayUseGrant(client, await this.facts.tenant(client.tenant_id), grantType, at);
    if (!allowed.allowed) throw new OAuthError('unauthorized_client', allowed.description);
  }
}
