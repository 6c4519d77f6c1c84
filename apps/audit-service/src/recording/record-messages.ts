import { StoredMessage } from '@strowger/messaging/jetstream-server';
import { AuditDeadLettersWriter } from '@strowger/models/audit-dead-letters/audit-dead-letters.writer';
import { AuditEventsWriter } from '@strowger/models/audit-events/audit-events.writer';
import { judgeMessage, JudgedEvent } from './judge-message';
import { TrailMetrics } from './trail-metrics';

/** Records messages of the stream in the trail: each event once, however often it is told; what is no event as a dead letter. */
export class RecordMessages {
  constructor(private readonly events: AuditEventsWriter, private readonly letters: AuditDeadLettersWriter, private readonly metrics: TrailMetrics) {}

  /**
   * Resolves when all of it is durable; only then may the messages be acknowledged.
   * @throws a database error - deliver the messages again
   */
  async record(messages: readonly StoredMessage[]): Promise<void> {
    const now = new Date();
    const judged = messages.map(message => judgeMessage(message, now));
    const events = new Map(judged.flatMap(one => one.events.map((event): [unknown, JudgedEvent] => [event.document, event])));
    const documents = [...events.values()].map(event => event.document);
    const { inserted, known, refused } = await this.events.record(documents);
    const letters = [...judged.flatMap(one => one.letters), ...refused.flatMap(({ event, reason }) => events.get(event)?.letter(reason) ?? [])];
    const kept = await this.letters.keep(letters);
    this.metrics.count({ inserted, known, unparsed: documents.filter(event => event.unparsed).length, letters: kept });
  }
}
