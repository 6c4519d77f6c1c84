import { Counter, Registry } from 'prom-client';

/** What the reconciler counts. */
export class ReconcilerMetrics {
  private readonly found: Counter;
  private readonly looks: Counter;

  constructor(registry: Registry) {
    const registers = [registry];
    this.found = new Counter({ name: 'strowger_reconciler_missing_total', help: 'Documents found without their event in the trail, whose event was told again', registers });
    this.looks = new Counter({ name: 'strowger_reconciler_compared_total', help: 'Documents compared with the trail', registers });
  }

  missing(events: number): void { this.found.inc(events); }
  compared(events: number): void { this.looks.inc(events); }
}
