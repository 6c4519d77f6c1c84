import { setTimeout as pause } from 'node:timers/promises';
import { Consumer, ConsumerMessages, JsMsg } from '@nats-io/jetstream';
import { NatsConnection } from '@nats-io/transport-node';
import { Bus, BusUnavailable } from './bus';
import { MessagingLog } from './messaging-log';

const AGAIN_AFTER_MS = 500;
/** Short, so that a consumer that vanished without a word is missed within seconds; the server's cost is one small message each. */
const PULL_EXPIRES_MS = 5000;
const IDLE_HEARTBEAT_MS = 1000;

export interface PullLoopOptions {
  readonly bus: Bus;
  readonly log: MessagingLog;
  /** Whose loop it is, in the log. */
  readonly what: string;
  /** Messages asked for ahead. */
  readonly maxMessages: number;
  /** Finds or builds the consumer to pull from. */
  consumer(connection: NatsConnection): Promise<Consumer>;
  /** Takes one message, in order. While its promise is open no further one is taken; where it throws, the consumer is given up and asked for again. */
  take(message: JsMsg): void | Promise<void>;
}

/** Pulls from a consumer for ever: whatever ends the pulling (connection, consumer or stream lost), it starts anew. */
export class PullLoop {
  private readonly closing = new AbortController();
  private messages: ConsumerMessages | undefined;
  private ended: Promise<void> | undefined;
  private said = '';

  constructor(private readonly options: PullLoopOptions) {}

  /** Whether messages are being pulled now. */
  get following(): boolean { return this.messages !== undefined; }

  start(): void { this.ended ??= this.run(); }

  /** Gives up the consumer and asks for it again. */
  restart(): void { void this.messages?.close(); }

  /** Asks for no further message and resolves when the last one that has arrived was taken. */
  async close(): Promise<void> {
    this.closing.abort();
    await this.messages?.close();
    await this.ended;
  }

  private async run(): Promise<void> {
    while (!this.isClosing()) {
      try {
        await this.pull();
        if (!this.isClosing()) this.say(new Error('the connection was lost'));
      } catch (error) {
        if (error instanceof BusUnavailable && this.isClosing()) return;
        this.say(error);
        await pause(AGAIN_AFTER_MS, undefined, { signal: this.closing.signal }).catch(() => undefined);
      }
    }
  }

  private async pull(): Promise<void> {
    const { bus, maxMessages, log, what } = this.options;
    const connection = await bus.connection(this.closing.signal);
    const lost = new AbortController();
    const forget = bus.onLoss(() => { lost.abort(); });
    try {
      const consumer = await this.options.consumer(connection);
      if (lost.signal.aborted || this.isClosing()) return;
      // The client would carry on by itself after a reconnect, at its own pace and with what it thought it knew.
      const messages = await consumer.consume({
        max_messages: maxMessages, expires: PULL_EXPIRES_MS, idle_heartbeat: IDLE_HEARTBEAT_MS, abort_on_missing_resource: true,
      });
      lost.signal.addEventListener('abort', () => { void messages.close(); });
      this.messages = messages;
      log.info({ what }, 'following the stream');
      this.said = '';
      for await (const message of messages) await this.options.take(message);
    } finally {
      forget();
      void this.messages?.close();
      this.messages = undefined;
    }
  }

  private say(error: unknown): void {
    const why = error instanceof Error ? error.message : String(error);
    if (why !== this.said) this.options.log.warn({ err: error, what: this.options.what }, 'not following the stream; starting anew');
    this.said = why;
  }

  private isClosing(): boolean { return this.closing.signal.aborted; }
}
