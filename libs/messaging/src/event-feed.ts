import { randomBytes } from 'node:crypto';
import { AckPolicy, Consumer, DeliverPolicy, JsMsg, jetstream, jetstreamManager } from '@nats-io/jetstream';
import { nanos, NatsConnection } from '@nats-io/transport-node';
import { FEED_MARK, STREAM } from '@strowger/contracts/bus-users';
import { decodeBatch, Envelope } from '@strowger/contracts/cloud-event';
import { Bus } from './bus';
import { MessagingLog } from './messaging-log';
import { PullLoop } from './pull-loop';

const API_TIMEOUT_MS = 2000;
const MAX_MESSAGES = 500;
const FORGOTTEN_AFTER_MS = 60_000;

export interface EventFeedOptions {
  readonly bus: Bus;
  /** The one filter of the consumer; what the bus user may follow. */
  readonly filter: string;
  /** How long before now each build begins: longer than the bus's clock and this process's may differ. */
  readonly startSeconds: number;
  readonly log: MessagingLog;
  /** The events of one message, in the stream's order. They may have been seen before; their order across builds means nothing. */
  onEvents(events: Envelope[], subject: string): void;
  /** Called at every build before its first event: what was derived from earlier events may be incomplete. `streamCreatedAt`: what is older was in no stream that can still be read. */
  onReset(streamCreatedAt: Date): void;
  /** The body of a mark, in its place among the events. */
  onMark?(body: Uint8Array): void;
}

/**
 * Follows a part of the stream with a consumer of this process's own. A lost connection or consumer, a stream made
 * anew, a gap in the deliveries: in every case a new consumer is built that starts at a time. It never resumes by
 * sequence, because a stream that was made anew counts from one again.
 */
export class EventFeed {
  private readonly loop: PullLoop;
  private delivered = 0;

  constructor(private readonly options: EventFeedOptions) {
    const { bus, log, filter } = options;
    this.loop = new PullLoop({
      bus, log, what: filter, maxMessages: MAX_MESSAGES,
      consumer: connection => this.build(connection), take: message => { this.take(message); },
    });
  }

  /** Whether events are being received now. */
  get following(): boolean { return this.loop.following; }

  /** Begins to follow as soon as the bus and the stream are there. */
  start(): void { this.loop.start(); }
  /** Builds a new consumer, at once. */
  rebuild(): void { this.loop.restart(); }
  close(): Promise<void> { return this.loop.close(); }

  private async build(connection: NatsConnection): Promise<Consumer> {
    const manager = await jetstreamManager(connection, { checkAPI: false, timeout: API_TIMEOUT_MS });
    const name = `feed-${randomBytes(12).toString('hex')}`;
    await manager.consumers.add(STREAM, {
      name, filter_subject: this.options.filter, ack_policy: AckPolicy.None, mem_storage: true, num_replicas: 1, inactive_threshold: nanos(FORGOTTEN_AFTER_MS),
      deliver_policy: DeliverPolicy.StartTime, opt_start_time: new Date(Date.now() - this.options.startSeconds * 1000).toISOString(),
    });
    this.delivered = 0;
    // After the consumer was made: of a stream that is made anew in between the consumer is gone, and no event will come of it.
    const { created } = await manager.streams.info(STREAM);
    this.options.log.info({ filter: this.options.filter, consumer: name }, 'built a consumer for the feed');
    this.options.onReset(new Date(created));
    return jetstream(connection, { timeout: API_TIMEOUT_MS }).consumers.get(STREAM, name);
  }

  private take(message: JsMsg): void {
    const { deliverySequence } = message.info;
    if (deliverySequence !== this.delivered + 1) throw new Error(`a gap: delivery ${String(deliverySequence)} came after ${String(this.delivered)}`);
    this.delivered = deliverySequence;
    if (message.subject === FEED_MARK) {
      this.options.onMark?.(message.data);
      return;
    }
    const events = this.eventsOf(message);
    if (events.length > 0) this.options.onEvents(events, message.subject);
  }

  /** What is no event concerns audit-service, which keeps it; here it is passed over. */
  private eventsOf({ data, subject, seq }: JsMsg): Envelope[] {
    let elements: unknown[] = [];
    try {
      elements = decodeBatch(data);
    } catch (error) { this.options.log.warn({ err: error, subject, sequence: seq }, 'a message of the feed holds no events'); }
    return elements.flatMap(element => {
      const envelope = Envelope.safeParse(element);
      return envelope.success ? [envelope.data] : [];
    });
  }
}
