import { encodeBatch } from '@strowger/contracts/cloud-event';
import { StrowgerEvent } from '@strowger/contracts/event-catalogue';
import { Outbox, OutboxEntry } from '@strowger/contracts/outbox';

const LONGEST_PAUSE_MS = 60_000;

/** An outbox in memory, with the documents that its events may or may not have; the clock is the test's. */
export class InMemoryOutbox extends Outbox {
  readonly entries = new Map<string, OutboxEntry>();
  readonly documents = new Set<string>();
  private readonly waits = new Map<string, { looks: number; nextLook: number }>();

  constructor(private readonly now: () => Date) { super(); }

  add(entry: OutboxEntry): void { this.entries.set(entry.id, entry); }

  override owed(limit: number, after?: OutboxEntry): Promise<OutboxEntry[]> {
    const order = (a: OutboxEntry, b: OutboxEntry) => a.at.getTime() - b.at.getTime() || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0);
    return Promise.resolve([...this.entries.values()].sort(order)
      .filter(entry => (this.waits.get(entry.id)?.nextLook ?? 0) <= this.now().getTime() && (!after || order(after, entry) < 0)).slice(0, limit));
  }

  override existing(events: readonly StrowgerEvent[]): Promise<ReadonlySet<string>> {
    return Promise.resolve(new Set(events.map(event => event.id).filter(id => this.documents.has(id))));
  }

  override delete(ids: readonly string[]): Promise<void> {
    for (const id of ids) this.entries.delete(id);
    return Promise.resolve();
  }

  override keepAbsent(entry: OutboxEntry, events: readonly StrowgerEvent[]): Promise<void> {
    const looks = (this.waits.get(entry.id)?.looks ?? 0) + 1;
    if (this.entries.has(entry.id)) this.entries.set(entry.id, { ...entry, batch: encodeBatch(events) });
    this.waits.set(entry.id, { looks, nextLook: this.now().getTime() + Math.min(2 ** (looks - 1) * 1000, LONGEST_PAUSE_MS) });
    return Promise.resolve();
  }
}
