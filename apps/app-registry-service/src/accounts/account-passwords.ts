import { generatePassword } from '@strowger/credentials/client-secret';
import { PasswordHasher, PasswordRefused, QueueFull } from '@strowger/credentials/password-hasher';
import { Account } from '@strowger/models/accounts/accounts.reader';
import { Counter, RateLimits } from '@strowger/models/rate-limits/rate-limits.store';
import { OAuthError } from '@strowger/oauth-core/oauth-error';
import { WantedPassword } from './account.request';

/** How many wrong current passwords an account may give in so many seconds. */
export interface CurrentPasswordLimit { readonly attempts: number; readonly windowSeconds: number }

/** A password's hash; `shown` is the text of one that was made here, for its owner to see once. */
export interface HashedPassword { readonly hash: string; readonly shown?: string }

/** Makes, hashes and checks the passwords of accounts. */
export class AccountPasswords {
  constructor(private readonly hasher: PasswordHasher, private readonly limits: RateLimits, private readonly limit: CurrentPasswordLimit, private readonly now: () => Date) {}

  /** @throws OAuthError invalid_request - too short or too long; temporarily_unavailable - too many at once */
  async hash(wanted: WantedPassword): Promise<HashedPassword> {
    const shown = wanted === 'generate' ? generatePassword() : undefined;
    const hash = await asked('password', () => this.hasher.hash(wanted === 'generate' ? shown ?? '' : wanted.typed));
    return { hash, ...(shown !== undefined && { shown }) };
  }

  /**
   * Checks the password that an account has now. Counted before it is evaluated, so that parallel guesses cannot pass;
   * a good one takes its own count back.
   * @throws OAuthError access_denied - a wrong one; rate_limit_exceeded - too many wrong ones
   */
  async assertCurrent(account: Account, typed: string): Promise<void> {
    const counter: Counter = { what: 'current_password', whom: account.id, windowSeconds: this.limit.windowSeconds };
    const hit = await this.limits.hit(counter, this.now());
    if (hit.count > this.limit.attempts) {
      throw new OAuthError('rate_limit_exceeded', 'too many wrong current passwords; wait, or ask an administrator to reset it', { retryAfterSeconds: hit.secondsLeft, limit: this.limit.attempts });
    }
    if (!await asked('current_password', () => this.hasher.verify(account.password_hash, typed))) throw new OAuthError('access_denied', 'current_password is wrong');
    await this.limits.giveBack(hit);
  }
}

async function asked<T>(field: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (cause instanceof PasswordRefused) throw new OAuthError('invalid_request', `${field}: ${cause.message}`, { cause });
    if (cause instanceof QueueFull) throw new OAuthError('temporarily_unavailable', cause.message, { cause, retryAfterSeconds: cause.retryAfterSeconds });
    throw cause;
  }
}
