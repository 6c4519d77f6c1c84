import { OAuthError } from '../oauth-error';
import { Facts } from '../ports';
import { requestedScope } from '../scope';
import { TokenRequest } from './grant';

/**
 * The scope a new token or grant gets. What is refused against facts that may be seconds old is judged once more on
 * fresh ones, so that a scope announced or registered a moment ago works at once.
 * @throws OAuthError invalid_scope - unknown, or not given to the application
 */
export async function grantedScope(facts: Facts, { client, params }: Pick<TokenRequest, 'client' | 'params'>): Promise<string> {
  const requested = params.get('scope');
  try {
    return requestedScope(requested, client.scope, await facts.knownScopes());
  } catch (error) {
    if (!(error instanceof OAuthError)) throw error;
    const again = await facts.applicationByClientIdAgain(client.client_id);
    return requestedScope(requested, (again ?? client).scope, await facts.knownScopes({ again: true }));
  }
}
