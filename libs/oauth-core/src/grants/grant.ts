import { AccessTokenClaims, Actor, ApplicationFacts } from '../facts';
import { Origin } from '../ports';
import { ActorCeilings, Standing } from '../standing';

/**
 * A request at the token endpoint whose client is authenticated. `at`: the clock, read once when client authentication
 * began; lifetimes count from it. `secret_id`: the secret that was used, if any.
 */
export interface TokenRequest {
  readonly client: ApplicationFacts;
  readonly secret_id?: string;
  readonly params: ReadonlyMap<string, string>;
  readonly at: Date;
  readonly origin: Origin;
}

/** Who acts in the account's name: the chain of actors, and what of the actor's own token bounds the new one. */
export interface Acting { readonly act: Actor; readonly bound: ActorCeilings & Pick<AccessTokenClaims, 'exp'> }

/** What a grant decided: for whom, how much, and the refresh token that goes with it. */
export interface Decision {
  readonly standing: Standing;
  readonly scope: string;
  readonly grant_id?: string;
  readonly refresh_token?: string;
  /** Of a refresh: the generation that is answered. */
  readonly generation?: number;
  /** Of a token exchange. */
  readonly acting?: Acting;
}

/** One grant type of the token endpoint. @throws OAuthError - the request is refused and nothing was issued */
export interface Grant {
  readonly type: string;
  decide(request: TokenRequest): Promise<Decision>;
}
