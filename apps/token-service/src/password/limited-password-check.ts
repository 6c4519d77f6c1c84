import { PasswordHasher, PasswordRefused, QueueFull } from '@strowger/credentials/password-hasher';
import { AccountsReader, normalUsername } from '@strowger/models/accounts/accounts.reader';
import { Counter, Hit, RateLimits } from '@strowger/models/rate-limits/rate-limits.store';
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
/** Whose password is guessed, and from where. `known`: the account signs in from this address. */
interface Guessed { readonly username: string; readonly account: AccountFacts | undefined; readonly address: string; readonly known: boolean }

/**
 * Checks passwords within limits that instances share. An attempt is counted before it is evaluated, so that parallel
 * guesses cannot pass; a good one takes its own counts of account and address back, and so does one that was not
 * evaluated. Nobody is locked out of the addresses the account signs in from by guesses made elsewhere: these addresses
 * have a queue of their own as well.
 */
export class LimitedPasswordCheck extends PasswordCheck {
  private readonly queue = new AccountQueue();

  constructor(
    private readonly accounts: AccountsReader, private readonly hasher: PasswordHasher,
    private readonly counters: { readonly limits: RateLimits; readonly addresses: SignInAddresses; readonly allowed: PasswordLimits },
    private readonly rejections: RejectionRecorder, private readonly now: () => Date,
  ) { super(); }

  override async check<T>(typed: string, password: string, origin: Origin, accept: (account: AccountFacts) => Promise<T | undefined>): Promise<T | undefined> {
    const username = normalUsername(typed).slice(0, MAX_USERNAME), address = limitedAddress(origin.ip);
    const [account] = await this.accounts.byUsernames([username]);
    // Asked of an unknown account as well: what is not done for it would be seen in the time it takes.
    const signsIn = await this.counters.addresses.isKnown(account?.id ?? username, address, this.now()), known = account !== undefined && signsIn;
    return this.queue.inTurn(known ? `${username}\n${address}` : username, () => this.evaluate({ username, account, address, known }, password, origin, accept));
  }

  private async evaluate<T>(who: Guessed, password: string, origin: Origin, accept: (account: AccountFacts) => Promise<T | undefined>): Promise<T | undefined> {
    const now = this.now(), { account } = who;
    const counted = await this.count(who, now);
    const takeBack = () => this.takeBack(counted);
    const [right, accepted] = await Promise.all([this.matches(account, password), account?.status === 'active' ? accept(account) : undefined])
      .catch(async (error: unknown) => { await takeBack(); throw error; });
    if (!account || !right || accepted === undefined) {
      await this.rejections.loginFailed(who, right, origin);
      return undefined;
    }
    await Promise.all([takeBack(), this.counters.addresses.note(account, who.address, now)]);
    return accepted;
  }

  /** @throws OAuthError rate_limit_exceeded - a counter is full; nothing is evaluated */
  private async count({ username, known, address }: Guessed, now: Date): Promise<Hit[]> {
    const { limits, allowed } = this.counters;
    const counter = (what: string, whom: string): Counter => ({ what, whom, windowSeconds: allowed.windowSeconds });
    const judged: [Counter, number, number][] = [
      [counter('password:account_and_address', `${username}\n${address}`), allowed.accountAndAddress, 1],
      // From an address of the account's own nothing is added, and nothing judged; it takes as long.
      known ? [counter('password:account_from_strangers', username), Infinity, 0] : [counter('password:account_from_strangers', username), allowed.accountFromStrangers, 1],
      [counter('password:address', address), allowed.address, 1],
    ];
    const counted: Hit[] = [];
    for (const [one, most, times] of judged) {
      const hit = await limits.hit(one, now, times);
      if (times === 0) continue;
      if (hit.count > most) {
        // Else an address that may try nothing any more could still fill the counters of every account.
        await this.takeBack(counted);
        throw new OAuthError('rate_limit_exceeded', 'too many attempts; wait, then try again', { retryAfterSeconds: hit.secondsLeft, limit: most });
      }
      counted.push(hit);
    }
    return counted;
  }

  private async takeBack(counted: readonly Hit[]): Promise<void> { await Promise.all(counted.map(hit => this.counters.limits.giveBack(hit))); }

  private async matches(account: AccountFacts | undefined, password: string): Promise<boolean> {
    try {
      return account ? await this.hasher.verify(account.password_hash, password) : await this.hasher.verifyAgainstNothing(password);
    } catch (error) {
      if (error instanceof QueueFull) throw new OAuthError('temporarily_unavailable', 'too many logins at once', { retryAfterSeconds: 1, cause: error });
      if (error instanceof PasswordRefused) throw new OAuthError('invalid_request', error.message, { cause: error });
      throw error;
    }
  }
}
