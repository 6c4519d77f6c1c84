import { Hit, RateLimits } from '@strowger/models/rate-limits/rate-limits.store';
import { OAuthError } from '@strowger/oauth-core/oauth-error';
import { Origin } from '@strowger/oauth-core/ports';
import { limitedAddress } from '../password/limited-address';

/** How many wrong user codes are looked for in a window. */
export interface UserCodeLimits { readonly windowSeconds: number; readonly perAccount: number; readonly perAddress: number }

/** Counts user codes before they are looked for, so that parallel guesses cannot pass; a right one takes its own counts back, and so does one that is not looked for. */
export class UserCodeGuesses {
  constructor(private readonly limits: RateLimits, private readonly allowed: UserCodeLimits, private readonly now: () => Date) {}

  /** What `look` finds. @throws OAuthError rate_limit_exceeded - a counter is full, and nobody looks */
  async count<T>(accountId: string, { ip }: Origin, look: () => Promise<T | undefined>): Promise<T | undefined> {
    const { windowSeconds, perAccount, perAddress } = this.allowed, counted: Hit[] = [];
    const takeBack = () => Promise.all(counted.map(hit => this.limits.giveBack(hit)));
    for (const [what, whom, most] of [['user_code:account', accountId, perAccount], ['user_code:address', limitedAddress(ip), perAddress]] as const) {
      const hit = await this.limits.hit({ what, whom, windowSeconds }, this.now());
      if (hit.count > most) {
        await takeBack();
        throw new OAuthError('rate_limit_exceeded', 'too many wrong codes; wait, then try again', { retryAfterSeconds: hit.secondsLeft, limit: most });
      }
      counted.push(hit);
    }
    const found = await look().catch(async (error: unknown) => { await takeBack(); throw error; });
    if (found !== undefined) await takeBack();
    return found;
  }
}
