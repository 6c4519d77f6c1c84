import { setTimeout as pause } from 'node:timers/promises';
import { JsMsg, jetstream, jetstreamManager } from '@nats-io/jetstream';
import { BaseRpcContext, CustomTransportStrategy, MessageHandler, Server } from '@nestjs/microservices';
import { AUDIT_CONSUMER, STREAM } from '@strowger/contracts/bus-users';
import { isObservable, lastValueFrom } from 'rxjs';
import { Bus } from './bus';
import { MessagingLog } from './messaging-log';
import { PullLoop } from './pull-loop';

/** The transport of `@EventPattern(STORED_MESSAGES, JETSTREAM)`. */
export const JETSTREAM = Symbol('jetstream');
/** Pattern of the one handler that receives every message of the consumer, several at a time (`StoredMessage[]`). */
export const STORED_MESSAGES = 'strowger.events';

/** One message of the stream, its body as it was published and not yet judged. */
export interface StoredMessage {
  readonly subject: string;
  readonly body: Uint8Array;
  /** Its place in the stream. */
  readonly sequence: number;
  /** 1 at the first delivery. */
  readonly deliveries: number;
  /** When the stream stored it. */
  readonly storedAt: Date;
  readonly receivedAt: Date;
}

export interface JetStreamServerOptions {
  readonly bus: Bus;
  readonly log: MessagingLog;
  /** Messages handed to the handler at once, at most; 16 unless told otherwise. */
  readonly messagesAtOnce?: number;
  /** Calls of the handler under way at once, at most; 2 unless told otherwise. */
  readonly handlersAtOnce?: number;
  /** Bytes of the messages handed to the handler at once, at most, unless one alone has more; 2 MiB unless told otherwise. */
  readonly bytesAtOnce?: number;
  /** So long after a call what comes is gathered before the next one, unless it is enough; 0 unless told otherwise. */
  readonly gatherMs?: number;
}

const API_TIMEOUT_MS = 2000;
const STILL_WORKING_EVERY_MS = 10_000;
const CLOSE_BOUND_MS = 10_000;
const LONGEST_DELAY_MS = 10_000;
const MIB = 1024 * 1024;

/** How long a message that failed is left alone: 1 s, doubling with each delivery to 10 s. */
export const redeliveryDelay = (deliveries: number): number => Math.min(1000 * 2 ** (deliveries - 1), LONGEST_DELAY_MS);

interface Held { readonly message: JsMsg; readonly stored: StoredMessage }
const isAgain = (held: Held | undefined): boolean => (held?.stored.deliveries ?? 1) > 1;

/**
 * Nest's transport for the durable consumer that all instances of audit-service share. It never makes the consumer; it
 * waits for it. A resolved handler acknowledges its messages, a rejected one has them delivered again after a delay,
 * then each alone, so that one bad message does not hold up its neighbours. Explicitly nothing is kept in memory that
 * the stream does not still hold: after any crash what was not acknowledged is delivered again.
 */
export class JetStreamServer extends Server implements CustomTransportStrategy {
  override readonly transportId = JETSTREAM;
  /** A failing handler is answered and logged here. */
  override readonly propagatesEventHandlerErrors = true;
  private readonly loop: PullLoop;
  private readonly messagesAtOnce: number;
  private readonly handlersAtOnce: number;
  private readonly bytesAtOnce: number;
  private readonly gatherMs: number;
  private readonly waiting: Held[] = [];
  private readonly held = new Set<JsMsg>();
  private readonly underWay = new Set<Promise<void>>();
  private heartbeat: NodeJS.Timeout | undefined;
  private dispatching = false;
  private gathering: NodeJS.Timeout | undefined;
  private lastBegun = -Infinity;
  private readonly closing = new AbortController();
  private room = Promise.withResolvers<undefined>();

  constructor(private readonly options: JetStreamServerOptions) {
    super();
    this.messagesAtOnce = options.messagesAtOnce ?? 16;
    this.handlersAtOnce = options.handlersAtOnce ?? 2;
    this.bytesAtOnce = options.bytesAtOnce ?? 2 * MIB;
    this.gatherMs = options.gatherMs ?? 0;
    this.loop = new PullLoop({
      bus: options.bus, log: options.log, what: AUDIT_CONSUMER, maxMessages: this.messagesAtOnce,
      consumer: connection => jetstream(connection, { timeout: API_TIMEOUT_MS }).consumers.get(STREAM, AUDIT_CONSUMER),
      take: message => this.take(message),
    });
  }

  /** Whether messages are being fetched now. */
  get following(): boolean { return this.loop.following; }

  /**
   * Returns at once; messages come when the bus and the consumer are there.
   * @throws Error - no handler is registered
   */
  override listen(callback: (error?: unknown) => void): void {
    if (!this.messageHandlers.has(STORED_MESSAGES)) { callback(new Error(`no handler for ${STORED_MESSAGES}`)); return; }
    this.heartbeat = setInterval(() => { this.stillWorking(); }, STILL_WORKING_EVERY_MS);
    this.loop.start();
    callback();
  }

  /** Stops fetching, gives back what no handler has begun, and waits for the handlers under way, at most 10 s. */
  override async close(): Promise<void> {
    this.closing.abort();
    this.room.resolve(undefined);
    await this.loop.close();
    clearInterval(this.heartbeat);
    clearTimeout(this.gathering);
    for (const { message } of this.waiting.splice(0)) message.nak();
    const bound = pause(CLOSE_BOUND_MS, undefined, { ref: false });
    await Promise.race([Promise.allSettled(this.underWay), bound]);
    // The acknowledgements leave before anybody closes the connection.
    if (this.options.bus.connected) await Promise.race([this.options.bus.connection().then(connection => connection.flush()), bound]).catch(() => undefined);
  }

  /**
   * How far this consumer is behind: messages nobody has received, and those received but not acknowledged.
   * @throws an error of the NATS client - the bus or the consumer is away
   */
  async backlog(): Promise<{ messages: number; unacknowledged: number }> {
    const manager = await jetstreamManager(await this.options.bus.connection(), { checkAPI: false, timeout: API_TIMEOUT_MS });
    const { num_pending: messages, num_ack_pending: unacknowledged } = await manager.consumers.info(STREAM, AUDIT_CONSUMER);
    return { messages, unacknowledged };
  }

  override on(): never { throw new Error('this transport has no events of its own'); }
  override unwrap(): never { throw new Error('ask the Bus for its connection'); }

  private async take(message: JsMsg): Promise<void> {
    this.held.add(message);
    const { subject, data: body, seq: sequence, time: storedAt, info } = message;
    this.waiting.push({ message, stored: { subject, body, sequence, deliveries: info.deliveryCount, storedAt, receivedAt: new Date() } });
    this.dispatch();
    if (!this.isEnough() || this.closing.signal.aborted) return;
    this.room = Promise.withResolvers();
    await this.room.promise;
  }

  /** After the messages that have arrived together were taken, so that they travel together. */
  private dispatch(): void {
    if (this.dispatching) return;
    this.dispatching = true;
    setImmediate(() => {
      this.dispatching = false;
      while (!this.closing.signal.aborted && this.waiting.length > 0 && this.underWay.size < this.handlersAtOnce && this.isTime()) this.begin(this.nextBatch());
    });
  }

  /** Whether what waits is to be handed over now; else it will be asked again when it is time. */
  private isTime(): boolean {
    const rest = this.lastBegun + this.gatherMs - performance.now();
    if (rest <= 0 || this.isEnough() || this.waiting.some(isAgain)) return true;
    this.gathering ??= setTimeout(() => { this.gathering = undefined; this.dispatch(); }, rest);
    return false;
  }

  /** Whether what waits fills a call. */
  private isEnough(): boolean { return this.waiting.length >= this.messagesAtOnce || this.waiting.reduce((bytes, { stored }) => bytes + stored.body.length, 0) >= this.bytesAtOnce; }

  /** A message that failed goes alone. */
  private nextBatch(): Held[] {
    let bytes = this.waiting[0]?.stored.body.length ?? 0;
    const end = this.waiting.findIndex((held, n) => n > 0 && (n === this.messagesAtOnce || isAgain(held) || isAgain(this.waiting[0]) || (bytes += held.stored.body.length) > this.bytesAtOnce));
    return this.waiting.splice(0, end === -1 ? Infinity : end);
  }

  private begin(batch: readonly Held[]): void {
    this.lastBegun = performance.now();
    const work = this.handle(batch).finally(() => {
      this.underWay.delete(work);
      for (const { message } of batch) this.held.delete(message);
      this.dispatch();
    });
    this.underWay.add(work);
    this.room.resolve(undefined);
  }

  private async handle(batch: readonly Held[]): Promise<void> {
    let failed = false;
    try {
      const handler: MessageHandler<StoredMessage[], BaseRpcContext, unknown> | undefined = this.messageHandlers.get(STORED_MESSAGES);
      const result: unknown = await handler?.(batch.map(({ stored }) => stored), new BaseRpcContext([]));
      if (isObservable(result)) await lastValueFrom(result, { defaultValue: undefined });
    } catch (error) {
      failed = true;
      this.options.log.warn({ err: error, messages: batch.length, sequence: batch[0]?.stored.sequence }, 'messages were not taken; they are delivered again');
    }
    // What is said while the bus is away is lost, and costs a second delivery after half a minute.
    await this.options.bus.connection(this.closing.signal).catch(() => undefined);
    for (const { message, stored } of batch) if (failed) message.nak(redeliveryDelay(stored.deliveries)); else message.ack();
  }

  private stillWorking(): void {
    if (this.options.bus.connected) for (const message of this.held) message.working();
  }
}
