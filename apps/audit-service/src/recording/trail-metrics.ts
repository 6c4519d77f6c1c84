import { Counter, Gauge, Registry } from 'prom-client';

/** What audit-service tells of its recording. */
export class TrailMetrics {
  private readonly events: Counter<'outcome'>;
  private readonly letters: Counter;
  private readonly backlog: Gauge;

  constructor(registry: Registry) {
    const registers = [registry];
    this.events = new Counter({ name: 'audit_events_total', help: 'Events received, by what came of them: new, known (told again), unparsed (also among the others)', labelNames: ['outcome'], registers });
    this.letters = new Counter({ name: 'audit_dead_letters_total', help: 'What came over the bus and is no event', registers });
    this.backlog = new Gauge({ name: 'audit_backlog_messages', help: 'Messages of the stream that are not recorded yet, at the last look', registers });
  }

  count({ inserted, known, unparsed, letters }: { inserted: number; known: number; unparsed: number; letters: number }): void {
    this.events.inc({ outcome: 'new' }, inserted);
    this.events.inc({ outcome: 'known' }, known);
    this.events.inc({ outcome: 'unparsed' }, unparsed);
    this.letters.inc(letters);
  }

  behind(messages: number): void { this.backlog.set(messages); }
}
