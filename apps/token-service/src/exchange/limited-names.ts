import { AccountsReader, normalUsername } from '@strowger/models/accounts/accounts.reader';
import { RateLimits } from '@strowger/models/rate-limits/rate-limits.store';
import { AccountFacts } from '@strowger/oauth-core/facts';
import { OAuthError } from '@strowger/oauth-core/oauth-error';
import { NamedAccounts } from '@strowger/oauth-core/ports';

/** How many names that come to nothing a caller may try in a window. */
export interface NameLimits { readonly windowSeconds: number; readonly wrongNames: number }
const LONGEST_NAME = 256, MOST_REMEMBERED = 10_000;

/**
 * Finds accounts by name. What comes to nothing is counted after the fact, in a counter that instances share, so that a good request costs no
 * write; a caller whose counter is full is refused whatever it asks, until the window ends, by each instance that has seen it full.
 */
export class LimitedNames extends NamedAccounts {
  private readonly full = new Map<string, Date>();

  constructor(private readonly accounts: Pick<AccountsReader, 'named'>, private readonly limits: RateLimits, private readonly allowed: NameLimits, private readonly now: () => Date) { super(); }

  override async find<T>(typed: string, caller: AccountFacts, accept: (account: AccountFacts) => Promise<T | undefined>): Promise<T | undefined> {
    this.assertNotFull(caller.id);
    const name = normalUsername(typed);
    const found = name === '' || name.length > LONGEST_NAME ? undefined : await this.accounts.named(caller.tenant_id, name);
    const accepted = found && await accept(found);
    if (accepted === undefined) await this.count(caller.id);
    return accepted;
  }

  private async count(callerId: string): Promise<void> {
    const now = this.now(), { count, endsAt } = await this.limits.hit({ what: 'exchange:names', whom: callerId, windowSeconds: this.allowed.windowSeconds }, now);
    if (count < this.allowed.wrongNames) return;
    if (this.full.size >= MOST_REMEMBERED) for (const [id, end] of this.full) if (end <= now) this.full.delete(id);
    this.full.set(callerId, endsAt);
    if (count > this.allowed.wrongNames) this.assertNotFull(callerId);
  }

  private assertNotFull(callerId: string): void {
    const end = this.full.get(callerId), left = end ? end.getTime() - this.now().getTime() : 0;
    if (left > 0) throw new OAuthError('rate_limit_exceeded', 'too many names that could not be acted for; wait, then go on', { retryAfterSeconds: Math.ceil(left / 1000), limit: this.allowed.wrongNames });
    this.full.delete(callerId);
  }
}
