/** Thrown where more waits than may: the request is told to come again (503, `Retry-After: 1`). */
export class TooMuchWaiting extends Error { override readonly name = 'TooMuchWaiting'; }

/** How turns run: at most `inFlight` at once, `atOnce` items in each, `waiting` items in all. */
export interface TurnLimits { readonly inFlight: number; readonly atOnce: number; readonly waiting: number }
const LIMITS: TurnLimits = { inFlight: 1, atOnce: 1000, waiting: 10_000 };
/** What waited longer for its turn could not be answered within the deadline: it is refused, and nothing of it was sent. */
export const LONGEST_WAIT_MS = 1500;

/**
 * Gathers what the requests of one event-loop turn want and runs it together. While a turn is in flight the next one
 * waits and grows, so that batches follow the load. `run` must not reject: it settles each item itself.
 */
export class Turns<T> {
  private items: T[] = [];
  private inFlight = 0;
  private scheduled = false;
  private readonly idlers: (() => void)[] = [];

  constructor(private readonly run: (items: T[]) => Promise<void>, private readonly limits: TurnLimits = LIMITS) {}

  /** @throws TooMuchWaiting - the store is slower than the requests, by far */
  add(item: T): void {
    if (this.items.length >= this.limits.waiting) throw new TooMuchWaiting('more waits for the database than may');
    this.items.push(item);
    if (this.scheduled || this.inFlight >= this.limits.inFlight) return;
    this.scheduled = true;
    setImmediate(() => { this.scheduled = false; this.start(); });
  }

  /** Resolves when nothing waits and nothing is in flight. */
  async idle(): Promise<void> {
    if (this.items.length > 0 || this.inFlight > 0) await new Promise<void>(resolve => this.idlers.push(resolve));
  }

  private start(): void {
    while (this.items.length > 0 && this.inFlight < this.limits.inFlight) {
      const turn = this.items.splice(0, this.limits.atOnce);
      this.inFlight++;
      void this.run(turn).finally(() => {
        this.inFlight--;
        this.start();
        if (this.items.length === 0 && this.inFlight === 0) for (const wake of this.idlers.splice(0)) wake();
      });
    }
  }
}
