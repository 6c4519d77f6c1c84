import { Gauge, Registry } from 'prom-client';
import type { Relay } from '@strowger/messaging/relay';
import type { OutboxStore } from '@strowger/models/outbox/outbox.store';

/** This service's own metrics, beside those of every service. While the database does not answer, the age is not a number. */
export function measureScopeService(registry: Registry, outbox: Pick<OutboxStore, 'oldest'>, relay: Pick<Relay, 'counters'>): void {
  const registers = [registry];
  new Gauge({
    name: 'strowger_outbox_oldest_seconds', help: 'Age of the oldest event this service still owes', registers,
    async collect() { this.set(await outbox.oldest().then(at => (at ? (Date.now() - at.getTime()) / 1000 : 0), () => NaN)); },
  });
  new Gauge({ name: 'strowger_relay_published', help: 'Messages the relay published since the process began', registers, collect() { this.set(relay.counters.published); } });
  new Gauge({ name: 'strowger_relay_failed', help: 'Entries the relay could not publish since the process began', registers, collect() { this.set(relay.counters.failed); } });
}
