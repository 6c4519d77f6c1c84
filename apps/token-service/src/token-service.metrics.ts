import { Counter, Gauge, Registry } from 'prom-client';
import { Relay } from '@strowger/messaging/relay';
import { Swept } from './janitor/janitor';
import { OutboxAge } from './token/outbox-age';

/** This service's own metrics, beside those of every service. */
export class TokenServiceMetrics {
  private readonly issued: Counter<'grant_type' | 'token_format'>;
  private readonly deleted: Counter<'collection'>;

  constructor(registry: Registry, outboxAge: OutboxAge, relay: Relay) {
    const registers = [registry];
    this.issued = new Counter({ name: 'strowger_tokens_issued_total', help: 'Access tokens issued', labelNames: ['grant_type', 'token_format'], registers });
    this.deleted = new Counter({ name: 'strowger_janitor_deleted_total', help: 'Documents deleted because nobody needs them any more', labelNames: ['collection'], registers });
    new Gauge({ name: 'strowger_outbox_oldest_seconds', help: 'Age of the oldest event this service still owes', registers, collect() { this.set(outboxAge.seconds()); } });
    new Gauge({ name: 'strowger_relay_published', help: 'Messages the relay published since the process began', registers, collect() { this.set(relay.counters.published); } });
    new Gauge({ name: 'strowger_relay_dropped', help: 'Events the relay dropped because their document never appeared', registers, collect() { this.set(relay.counters.dropped); } });
  }

  tokenIssued(grantType: string, tokenFormat: string): void { this.issued.inc({ grant_type: grantType, token_format: tokenFormat }); }
  swept(collection: Swept, many: number): void { this.deleted.inc({ collection }, many); }
}
