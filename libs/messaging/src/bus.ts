import { setTimeout as pause } from 'node:timers/promises';
import { jetstreamManager } from '@nats-io/jetstream';
import { connect, ConnectionOptions, NatsConnection, Status } from '@nats-io/transport-node';
import { inboxOf, STREAM } from '@strowger/contracts/bus-users';
import { MessagingConfig } from './messaging.config';
import { MessagingLog } from './messaging-log';

const TIMEOUT_MS = 2000;
const RECONNECT_PAUSE_MS = 500;
const STREAM_LOOK_PAUSE_MS = 1000;
const DRAIN_BOUND_MS = 3000;

/** The bus is away: nothing was sent, and nothing will be sent later. */
export class BusUnavailable extends Error {
  override readonly name = 'BusUnavailable';
  constructor(message = 'the bus is not connected') { super(message); }
}

/**
 * The one connection of a process to the bus. Returns at once, connects in the background for as long as it takes,
 * reconnects for ever, and notices a frozen server within 5 s.
 */
export class Bus {
  private readonly closing = new AbortController();
  private current: NatsConnection | undefined;
  private up = false;
  private streamSeen = false;
  private readonly losses = new Set<() => void>();
  private whenUp = Promise.withResolvers<NatsConnection>();
  private readonly ended: Promise<void>;

  constructor(private readonly config: MessagingConfig, private readonly log: MessagingLog) {
    this.whenUp.promise.catch(() => undefined);
    this.ended = this.live();
  }

  /** Whether the bus can be spoken to now. */
  get connected(): boolean { return this.up; }
  /** The bus user this process speaks as; undefined where the bus asks for none. */
  get user(): string | undefined { return this.config.NATS_USER; }

  /**
   * The connection, as soon as it is up: at once while connected, else when the outage ends.
   * @throws BusUnavailable - the bus was closed, or `signal` came first
   */
  async connection(signal?: AbortSignal): Promise<NatsConnection> {
    if (!signal) return this.whenUp.promise;
    const aborted = Promise.withResolvers<never>();
    const abort = (): void => { aborted.reject(new BusUnavailable('no longer waiting for the bus')); };
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort);
    try {
      return await Promise.race([this.whenUp.promise, aborted.promise]);
    } finally {
      signal.removeEventListener('abort', abort);
    }
  }

  /** Calls `listener` at every loss of the connection; gives the function that ends this. */
  onLoss(listener: () => void): () => void {
    this.losses.add(listener);
    return () => { this.losses.delete(listener); };
  }

  /** Gives up the connection and makes a new one: for who has reason to believe that this one is of no use. Nothing where there is none. */
  async reconnect(): Promise<void> {
    if (this.up) await this.current?.reconnect().catch(() => undefined);
  }

  /** Connected, and the stream of events was seen to exist at least once. */
  isReady(): boolean { return this.up && this.streamSeen; }

  /** Was ready at least once: what a service asks that goes on without its bus, once it has begun. */
  wasReady(): boolean { return this.streamSeen; }

  /** Sends what is still to be sent, within 3 s, and closes for good. May be called in any state, more than once. */
  async close(): Promise<void> {
    if (!this.isClosing()) {
      const drained = this.up ? this.current?.drain() : undefined;
      this.closing.abort();
      await Promise.race([drained?.catch(() => undefined), pause(DRAIN_BOUND_MS, undefined, { ref: false })]);
      this.down();
      this.whenUp.reject(new BusUnavailable('the bus was closed'));
      await this.current?.close();
    }
    await this.ended;
  }

  private async live(): Promise<void> {
    const connection = await this.firstConnection();
    if (!connection) return;
    this.current = connection;
    if (this.isClosing()) { await connection.close(); return; }
    const status = connection.status();
    this.isUp(connection);
    const looking = this.lookForStream(connection);
    for await (const change of status) this.follow(connection, change);
    this.down();
    if (!this.isClosing()) this.log.error({}, 'the connection to the bus ended for good');
    await looking;
  }

  /** Not the client's `waitOnFirstConnect`: that one cannot be stopped, and a process could not end before its bus came. */
  private async firstConnection(): Promise<NatsConnection | undefined> {
    let said = '';
    while (!this.isClosing()) {
      try {
        return await connect(optionsOf(this.config));
      } catch (error) {
        const why = error instanceof Error ? error.message : String(error);
        if (why !== said) this.log.warn({ err: error }, 'waiting for the bus');
        said = why;
        await this.rest(RECONNECT_PAUSE_MS);
      }
    }
    return undefined;
  }

  private async lookForStream(connection: NatsConnection): Promise<void> {
    const manager = await jetstreamManager(connection, { checkAPI: false, timeout: TIMEOUT_MS });
    let said = false;
    while (!this.isClosing() && !connection.isClosed()) {
      try {
        if (this.up) {
          await manager.streams.info(STREAM);
          this.streamSeen = true;
          return;
        }
      } catch (error) {
        if (!said) this.log.warn({ err: error }, 'waiting for the stream of events');
        said = true;
      }
      await this.rest(STREAM_LOOK_PAUSE_MS);
    }
  }

  private follow(connection: NatsConnection, change: Status): void {
    switch (change.type) {
      case 'disconnect':
        if (this.up) this.log.warn({}, 'the bus is away');
        this.down();
        break;
      case 'reconnect':
        this.isUp(connection);
        break;
      case 'error':
        this.log.error({ err: change.error }, 'the bus refused something');
        break;
      default:
    }
  }

  private isUp(connection: NatsConnection): void {
    this.log.info({ server: connection.getServer() }, 'connected to the bus');
    this.up = true;
    this.whenUp.resolve(connection);
  }

  private down(): void {
    if (!this.up) return;
    this.up = false;
    this.whenUp = Promise.withResolvers();
    this.whenUp.promise.catch(() => undefined);
    for (const listener of this.losses) listener();
  }

  private isClosing(): boolean { return this.closing.signal.aborted; }

  private async rest(milliseconds: number): Promise<void> {
    await pause(milliseconds, undefined, { signal: this.closing.signal }).catch(() => undefined);
  }
}

function optionsOf({ NATS_URL, NATS_USER, NATS_PASSWORD }: MessagingConfig): ConnectionOptions {
  return {
    servers: NATS_URL.split(','),
    maxReconnectAttempts: -1,
    reconnectTimeWait: RECONNECT_PAUSE_MS,
    timeout: TIMEOUT_MS,
    pingInterval: 2000,
    maxPingOut: 2,
    // A trace for each request costs more than the request; an error of it says enough.
    noAsyncTraces: true,
    // Else a rotated password closes the client for good.
    ignoreAuthErrorAbort: true,
    ...(NATS_USER !== undefined && { name: NATS_USER, user: NATS_USER, inboxPrefix: inboxOf(NATS_USER) }),
    ...(NATS_PASSWORD !== undefined && { pass: NATS_PASSWORD }),
  };
}
