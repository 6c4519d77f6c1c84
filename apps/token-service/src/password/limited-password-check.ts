import { PasswordHasher, QueueFull } from '@strowger/credentials/password-hasher';
import { AccountsReader, normalUsername } from '@strowger/models/accounts/accounts.reader';
import { Counter, RateLimits, secondsLeft } from '@strowger/models/rate-limits/rate-limits.store';
import { SignInAddresses } from '@strowger/models/sign-in-addresses/sign-in-addresses.store';
import { AccountFacts } from '@strowger/oauth-core/facts';
import { OAuthError } from '@strowger/oauth-core/oauth-error';
import { Origin, PasswordCheck } from '@strowger/oauth-core/ports';
import { RejectionRecorder } from '../rejections/rejection-recorder';
import { AccountQueue } from './account-queue';
import { limitedAddress } from './limited-address';

/** How many wrong passwords in a window are evaluated. */
export interface PasswordLimits { readonly windowSeconds: number; readonly accountAndAddress: number; readonly accountFromStrangers: number; readonly address: number }
const MAX_USERNAME = 256;

/**
 * Checks passwords within limits that instances share. An attempt is counted before it is evaluated, so that parallel
 * guesses cannot pass; a good one takes its own counts of account and address back. Nobody is locked out of the
 * addresses the account signs in from by guesses made elsewhere.
 */
export class LimitedPasswordCheck extends PasswordCheck {
  private readonly queue = new AccountQueue();

  constructor(
    private readonly accounts: AccountsReader, private readonly hasher: PasswordHasher,
    private readonly counters: { readonly limits: RateLimits; readonly addresses: SignInAddresses; readonly allowed: PasswordLimits },
    private readonly rejections: RejectionRecorder, private readonly now: () => Date,
  ) { super(); }

  override async check(typed: string, password: string, origin: Origin): Promise<AccountFacts | undefined> {
    const username = normalUsername(typed).slice(0, MAX_USERNAME);
    return this.queue.inTurn(username, () => this.evaluate(username, password, origin));
  }

  private async evaluate(username: string, password: string, origin: Origin): Promise<AccountFacts | undefined> {
    const now = this.now();
    const address = limitedAddress(origin.ip);
    const [account] = await this.accounts.byUsernames([username]);
    const counted = await this.count(username, account, address, now);
    const right = await this.matches(account, password);
    if (!account || !right || account.status !== 'active') {
      await this.rejections.loginFailed(account, origin);
      return undefined;
    }
    await Promise.all([...counted.map(counter => this.counters.limits.giveBack(counter, now)), this.counters.addresses.note(account, address, now)]);
    return account;
  }

  /** @throws OAuthError rate_limit_exceeded - a counter is full; nothing is evaluated */
  private async count(username: string, account: AccountFacts | undefined, address: string, now: Date): Promise<Counter[]> {
    const { limits, addresses, allowed } = this.counters;
    const known = account !== undefined && await addresses.isKnown(account.id, address, now);
    const counter = (what: string, whom: string): Counter => ({ what, whom, windowSeconds: allowed.windowSeconds });
    const judged: [Counter, number][] = [
      [counter('password:account_and_address', `${username}\n${address}`), allowed.accountAndAddress],
      ...(known ? [] : [[counter('password:account_from_strangers', username), allowed.accountFromStrangers] as [Counter, number]]),
      [counter('password:address', address), allowed.address],
    ];
    for (const [one, most] of judged) {
      if (await limits.hit(one, now) > most) {
        throw new OAuthError('rate_limit_exceeded', 'too many attempts; wait, then try again', { retryAfterSeconds: secondsLeft(one, now) });
      }
    }
    return judged.map(([one]) => one);
  }

  private async matches(account: AccountFacts | undefined, password: string): Promise<boolean> {
    try {
      return account ? await this.hasher.verify(account.password_hash, password) : await this.hasher.verifyAgainstNothing(password);
    } catch (error) {
      if (error instanceof QueueFull) throw new OAuthError('temporarily_unavailable', 'too many logins at once', { retryAfterSeconds: 1, cause: error });
      throw error;
    }
  }
}
