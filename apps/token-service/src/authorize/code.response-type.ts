import { AuthorizationsStore } from '@strowger/models/authorization-transactions/authorizations.store';
import { mayUseGrant } from '@strowger/oauth-core/application-rules';
import { CodeKeys } from '@strowger/oauth-core/authorization-code';
import { OAuthError } from '@strowger/oauth-core/oauth-error';
import { codeChallengeOf } from '@strowger/oauth-core/pkce';
import { ResponseType } from './response-type';

/** Response type `code` (RFC 6749 §4.1.1), with PKCE for applications that people have in their hands (RFC 9700 §2.1.1), and for all others that send it. */
export const codeResponseType = (authorizations: AuthorizationsStore, codes: CodeKeys): ResponseType => ({
  type: 'code',
  accept({ application, tenant, params, at }) {
    const allowed = mayUseGrant(application, tenant, 'authorization_code', at);
    if (!allowed.allowed) throw new OAuthError('unauthorized_client', allowed.description);
    const mode = params.get('response_mode') ?? 'query';
    if (mode !== 'query') throw new OAuthError('invalid_request', 'response_mode of the response type code is query');
    const code_challenge = codeChallengeOf(params, application.type === 'browser' || application.type === 'native');
    return { ...(code_challenge !== undefined && { code_challenge }) };
  },
  async answer(approval, origin) {
    return { code: codes.codeOf(await authorizations.approve(approval, origin)) };
  },
});
