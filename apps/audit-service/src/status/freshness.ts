import { Progress } from '@strowger/messaging/trail-progress';

/** A trail that was current less long ago counts as current: events are on their way for that long at most. */
const CURRENT_FOR_MS = 5000;
const MAX_LOOKS = 600;

/**
 * Knows as of which moment the trail is known to be whole: at that moment everything on the stream was recorded. Judges
 * by looks at the bus, time passed in.
 */
export class Freshness {
  private wholeAsOf: Date | undefined;
  /** Looks, oldest first, whose moment is not known to be reached yet. */
  private looks: { readonly at: Date; readonly last: number }[] = [];

  /** Takes in what the bus answered when asked at `at`. */
  observe(at: Date, { waiting, settled, last }: Progress): void {
    // A look that saw further than the stream reaches saw another stream: the bus was made anew.
    this.looks = [...this.looks.filter(look => look.last <= last), { at, last }];
    const reached = waiting === 0 ? this.looks : this.looks.filter(look => look.last <= settled);
    this.wholeAsOf = reached.at(-1)?.at ?? this.wholeAsOf;
    this.looks = this.looks.slice(reached.length);
    // Far behind, the moments may be told more coarsely.
    if (this.looks.length > MAX_LOOKS) this.looks = this.looks.filter((_, i) => i % 2 === 0);
  }

  /** Whether the trail was ever seen whole. */
  get known(): boolean { return this.wholeAsOf !== undefined; }

  /**
   * Since when the trail may lack something, undefined while it is current. `oldestOwed` is the oldest change whose event
   * has not even reached the stream; `otherwise` the moment to name as long as the trail was never seen whole.
   */
  staleSince(now: Date, { oldestOwed, otherwise }: { oldestOwed: Date | undefined; otherwise: Date | undefined }): Date | undefined {
    const old = (moment: Date | undefined): Date[] => moment && now.getTime() - moment.getTime() > CURRENT_FOR_MS ? [moment] : [];
    const doubts = [...old(oldestOwed), ...(this.wholeAsOf ? old(this.wholeAsOf) : [otherwise ?? now])];
    return doubts.reduce<Date | undefined>((first, moment) => first && first <= moment ? first : moment, undefined);
  }
}
