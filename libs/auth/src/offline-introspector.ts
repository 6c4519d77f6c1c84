import { Bus } from '@strowger/messaging/bus';
import { MessagingLog } from '@strowger/messaging/messaging-log';
import { AuthConfig } from './auth.config';
import { HttpTokenIntrospector } from './http-token-introspector';
import { JsonWebKeys } from './json-web-keys';
import { JwtVerifier } from './jwt-verifier';
import { OfflineTokenIntrospector } from './offline-token-introspector';
import { RevocationFeed } from './revocation-feed';

/** What judging tokens by oneself needs to know of the deployment. */
export interface OfflineConfig extends Pick<AuthConfig, 'TOKEN_SERVICE_URL' | 'STROWGER_SERVICE_ID' | 'STROWGER_SERVICE_SECRET'> {
  readonly STROWGER_ISSUER: string;
  readonly ACCESS_TOKEN_TTL_MAX_SECONDS: number;
  readonly CLOCK_SKEW_SECONDS: number;
}
/** An introspector that asks the issuer only where it must, and the feed that it decides by: `start()` it, and `close()` it before its bus. */
export interface Offline { readonly introspector: OfflineTokenIntrospector; readonly feed: RevocationFeed }

/** Puts together what judges tokens by the keys of token-service and the revocation feed. */
export function offlineIntrospector(config: OfflineConfig, bus: Bus, log: MessagingLog): Offline {
  const longestTokenSeconds = config.ACCESS_TOKEN_TTL_MAX_SECONDS, skewSeconds = config.CLOCK_SKEW_SECONDS;
  const keys = new JsonWebKeys(`${config.TOKEN_SERVICE_URL}/.well-known/jwks.json`, log);
  const feed = new RevocationFeed({ bus, log, longestTokenSeconds, skewSeconds });
  const jwts = new JwtVerifier(keys, { issuer: config.STROWGER_ISSUER, audience: `${config.STROWGER_ISSUER}/api`, skewSeconds });
  return { feed, introspector: new OfflineTokenIntrospector({ jwts, keys, revocations: feed, issuer: new HttpTokenIntrospector(config), longestTokenSeconds }) };
}
