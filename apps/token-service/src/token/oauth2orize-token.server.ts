import { createServer, OAuth2Server } from 'oauth2orize';
import { OAuthError } from '@strowger/oauth-core/oauth-error';
import { Decision, Grant, TokenRequest } from '@strowger/oauth-core/grants/grant';

interface Dispatched { readonly body: { readonly grant_type: string }; readonly request: TokenRequest; readonly decided: (decision: Promise<Decision>) => void }
type Dispatch = (request: Dispatched, response: object, next: (error?: unknown) => void) => void;

/** The token endpoint's dispatch by `grant_type`: one grant, one exchange of oauth2orize. */
export class TokenServer {
  readonly grantTypes: readonly string[];
  private readonly dispatch: Dispatch;

  constructor(grants: readonly Grant[]) {
    const server: OAuth2Server = createServer();
    for (const grant of grants) {
      const exchange: Dispatch = ({ request, decided }) => { decided(grant.decide(request)); };
      server.exchange(grant.type, exchange as never);
    }
    this.grantTypes = grants.map(grant => grant.type);
    this.dispatch = server.token() as unknown as Dispatch;
  }

  /** @throws OAuthError unsupported_grant_type, and what the grant refuses with */
  decide(grantType: string, request: TokenRequest): Promise<Decision> {
    return new Promise((resolve, reject) => {
      this.dispatch({ body: { grant_type: grantType }, request, decided: resolve }, {}, error => {
        reject(new OAuthError('unsupported_grant_type', `this server knows the grant types ${this.grantTypes.join(', ')}`, { cause: error }));
      });
    });
  }
}
