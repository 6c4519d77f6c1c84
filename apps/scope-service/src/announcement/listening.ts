/**
 * For how long this process has been able to hear announcements, without a break. Silence counts only while somebody
 * listened: else whoever comes back after an outage of the bus would find every service silent, and withdraw all there is.
 */
export class Listening {
  private since: number | undefined;
  private last = 0;

  /** `longestGapMs`: a longer time between two notes is a break (the process was paused, or its machine asleep). */
  constructor(private readonly longestGapMs: number) {}

  /** Notes whether it can hear now; `now` in milliseconds. For how many milliseconds it has, without a break. */
  note(hears: boolean, now: number): number {
    const broken = this.since === undefined || now - this.last > this.longestGapMs || now < this.last;
    this.last = now;
    if (!hears) this.since = undefined;
    else if (broken) this.since = now;
    return this.since === undefined ? 0 : now - this.since;
  }
}
