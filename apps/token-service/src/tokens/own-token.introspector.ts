import { AuthenticatedCaller, TokenIntrospector } from '@strowger/auth/token-introspector';
import { StoredTokens } from '../introspection/stored-tokens';

/** token-service asks nobody about the tokens of its own management API: it judges them itself. */
export class OwnTokenIntrospector extends TokenIntrospector {
  constructor(private readonly tokens: StoredTokens) { super(); }

  override async introspect(token: string): Promise<AuthenticatedCaller | undefined> { return this.tokens.active(token, { fresh: false }); }
}
