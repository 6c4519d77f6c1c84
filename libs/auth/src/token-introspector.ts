import { AccessTokenClaims } from '@strowger/oauth-core/facts';

/** Who calls, by an active token: its claims, and the account's name where the issuer was asked (a JWT does not tell it). */
export interface AuthenticatedCaller { readonly claims: AccessTokenClaims; readonly username?: string }

/** Says whether a token is active, and whose it is. */
export abstract class TokenIntrospector {
  /**
   * @returns undefined for a token that is not active
   * @throws ApiError temporarily_unavailable - nobody could say
   */
  abstract introspect(token: string, requestId: string): Promise<AuthenticatedCaller | undefined>;
}
