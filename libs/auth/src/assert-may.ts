import { AccessTokenClaims } from '@strowger/oauth-core/facts';
import { mayDo, type Need } from '@strowger/oauth-core/rights';
import { ApiError } from './api-error';

/**
 * Passes where a token with these claims may do this.
 * @throws ApiError insufficient_scope, access_denied - 403, naming the scope, level or access that is missing
 */
export function assertMay(claims: AccessTokenClaims, need: Need): void {
  const decision = mayDo(claims, need);
  if (!decision.allowed) throw new ApiError(403, decision.error, decision.description, { status: decision.status, ...(decision.scope !== undefined && { scope: decision.scope }) });
}
