import { OAuthError } from '@strowger/oauth-core/oauth-error';

const WAITING = 20;

/** One password evaluation an account at a time; the others wait in a short queue, so that parallel good ones do not fill a counter. */
export class AccountQueue {
  private readonly waiting = new Map<string, { count: number; last: Promise<unknown> }>();

  /** @throws OAuthError temporarily_unavailable - too many wait for this account */
  async inTurn<T>(account: string, work: () => Promise<T>): Promise<T> {
    const queue = this.waiting.get(account) ?? { count: 0, last: Promise.resolve() };
    if (queue.count > WAITING) throw new OAuthError('temporarily_unavailable', 'too many logins of this account at once', { retryAfterSeconds: 1 });
    queue.count++;
    this.waiting.set(account, queue);
    const mine = queue.last.then(work);
    queue.last = mine.catch(() => undefined);
    try {
      return await mine;
    } finally {
      if (--queue.count === 0) this.waiting.delete(account);
    }
  }
}
