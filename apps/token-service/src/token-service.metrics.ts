import { Counter, Gauge, Registry } from 'prom-client';
import { Relay } from '@strowger/messaging/relay';
import { Swept } from './janitor/janitor';
import { OutboxAge } from './token/outbox-age';

/** This service's own metrics, beside those of every service. */
export class TokenServiceMetrics {
  /** By grant type and token format. Plain numbers until somebody looks: a labelled counter costs a microsecond a token. */
  private readonly issued = new Map<string, Map<string, number>>();
  private readonly deleted: Counter<'collection'>;

  constructor(registry: Registry, outboxAge: OutboxAge, relay: Relay) {
    const registers = [registry];
    const { issued } = this;
    new Counter({
      name: 'strowger_tokens_issued_total', help: 'Access tokens issued', labelNames: ['grant_type', 'token_format'], registers,
      collect() {
        this.reset();
        for (const [grant_type, formats] of issued) for (const [token_format, many] of formats) this.inc({ grant_type, token_format }, many);
      },
    });
    this.deleted = new Counter({ name: 'strowger_janitor_deleted_total', help: 'Documents deleted because nobody needs them any more', labelNames: ['collection'], registers });
    new Gauge({ name: 'strowger_outbox_oldest_seconds', help: 'Age of the oldest event this service still owes', registers, collect() { this.set(outboxAge.seconds()); } });
    new Gauge({ name: 'strowger_relay_published', help: 'Messages the relay published since the process began', registers, collect() { this.set(relay.counters.published); } });
    new Gauge({ name: 'strowger_relay_dropped', help: 'Events the relay dropped because their document never appeared', registers, collect() { this.set(relay.counters.dropped); } });
  }

  tokenIssued(grantType: string, tokenFormat: string): void {
    const formats = this.issued.get(grantType) ?? new Map<string, number>();
    this.issued.set(grantType, formats);
    formats.set(tokenFormat, (formats.get(tokenFormat) ?? 0) + 1);
  }

  swept(collection: Swept, many: number): void { this.deleted.inc({ collection }, many); }
}
