import { AuthorizationsStore } from '@strowger/models/authorization-transactions/authorizations.store';
import { mayUseImplicit } from '@strowger/oauth-core/application-rules';
import { TOKEN } from '@strowger/oauth-core/authorization-request';
import { ApplicationFacts, TenantFacts } from '@strowger/oauth-core/facts';
import { OAuthError } from '@strowger/oauth-core/oauth-error';
import { Grants } from '@strowger/oauth-core/ports';
import { OutboxAge } from '../token/outbox-age';
import { TokenIssuer } from '../token/token-issuer';
import { ResponseType } from './response-type';

/**
 * Response type `token` (implicit, RFC 6749 §4.2; seeds 000 and 004), for browser-based applications where their tenant allows it, looked at
 * when it is asked and again when it is answered. The token answers to a grant, so that removing the application ends it; no refresh token.
 */
export const tokenResponseType = (authorizations: AuthorizationsStore, grants: Grants, issuer: TokenIssuer, outboxAge: OutboxAge): ResponseType => ({
  type: TOKEN,
  accept({ application, tenant, params, at }) {
    assertAllowed(application, tenant, at);
    const mode = params.get('response_mode') ?? 'fragment';
    if (mode !== 'fragment') throw new OAuthError('invalid_request', 'response_mode of the response type token is fragment');
    return {};
  },
  async answer(approval, origin, at) {
    const { standing, scope } = approval, client = standing.application;
    assertAllowed(client, standing.tenant, at);
    outboxAge.assertYoung();
    const grant = await authorizations.approve(approval, origin);
    if (!(await grants.consented(grant))) throw new OAuthError('access_denied', 'the application was just removed from the account');
    const { access_token, token_type, expires_in } = await issuer.issue('implicit', { client, params: new Map(), at, origin }, { standing, scope, grant_id: grant.id });
    return { access_token, token_type, expires_in: String(expires_in), scope };
  },
});

function assertAllowed(application: ApplicationFacts, tenant: TenantFacts, at: Date): void {
  const allowed = mayUseImplicit(application, tenant, at);
  if (!allowed.allowed) throw new OAuthError('unauthorized_client', allowed.description);
}
