import { Gauge, Registry } from 'prom-client';
import { Relay } from '@strowger/messaging/relay';
import { OutboxStore } from '@strowger/models/outbox/outbox.store';

/** This service's own metrics, beside those of every service. */
export class AppRegistryMetrics {
  constructor(registry: Registry, outbox: OutboxStore, relay: Relay, now: () => Date) {
    const registers = [registry];
    new Gauge({
      name: 'strowger_outbox_oldest_seconds', help: 'Age of the oldest event this service still owes; NaN while the database is away', registers,
      async collect() {
        try {
          const oldest = await outbox.oldest();
          this.set(oldest ? (now().getTime() - oldest.getTime()) / 1000 : 0);
        } catch {
          this.set(NaN);      // the database is away: readiness says so
        }
      },
    });
    new Gauge({ name: 'strowger_relay_published', help: 'Messages the relay published since the process began', registers, collect() { this.set(relay.counters.published); } });
  }
}
