import { RateLimits } from '@strowger/models/rate-limits/rate-limits.store';
import { OAuthError } from '@strowger/oauth-core/oauth-error';
import { Origin } from '@strowger/oauth-core/ports';
import { limitedAddress } from '../password/limited-address';

const WINDOW_SECONDS = 60;

/** How many requests for a person's yes an address may begin in a minute while nobody stands behind them: each is a document that waits. */
export class BeginningsLimit {
  constructor(private readonly limits: RateLimits, private readonly perMinute: number, private readonly now: () => Date) {}

  /** Counts one, before it begins. @throws OAuthError rate_limit_exceeded */
  async count(what: 'authorization' | 'device_authorization', { ip }: Origin): Promise<void> {
    const { count, secondsLeft } = await this.limits.hit({ what: `begin:${what}`, whom: limitedAddress(ip), windowSeconds: WINDOW_SECONDS }, this.now());
    if (count > this.perMinute) throw new OAuthError('rate_limit_exceeded', 'too many requests were begun from this address; wait, then try again', { retryAfterSeconds: secondsLeft, limit: this.perMinute });
  }
}
