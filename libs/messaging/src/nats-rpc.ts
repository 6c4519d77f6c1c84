import { setImmediate as nextTurn, setTimeout as pause } from 'node:timers/promises';
import { Subscription, SubscriptionOptions } from '@nats-io/transport-node';
import { ConsumerDeserializer, ConsumerSerializer, CustomStrategy, IncomingEvent, IncomingRequest, OutgoingResponse, ServerNats } from '@nestjs/microservices';
import { inboxOf } from '@strowger/contracts/bus-users';
import { z } from 'zod';
import { Bus } from './bus';
import { MessagingLog } from './messaging-log';
import { RpcError } from './rpc-error';

const CLOSE_BOUND_MS = 5000;

/** A subject that is answered: who asks, and what shape the body has. */
export interface RpcRoute<T = unknown> {
  /** The subject; may end in `*`. */
  readonly subject: string;
  /**
   * Whose inbox the reply must be under: a bus user, or the last token of the subject, which the bus lets only that
   * user publish. `nobody`: a message without a reply.
   */
  readonly asker: { readonly user: string } | 'last token of the subject' | 'nobody';
  readonly body: z.ZodType<T>;
}

/** What a handler receives: the body parsed, and who asked by the bus's own permissions (undefined where nobody is answered). */
export interface RpcRequest<T> { readonly asker: string | undefined; readonly body: T }

/** What the deserializer reads of a NATS message. */
interface IncomingMessage { readonly subject: string; readonly reply?: string; readonly data: Uint8Array }

function askerOf(route: RpcRoute, subject: string): string | undefined {
  if (route.asker === 'nobody') return undefined;
  return route.asker === 'last token of the subject' ? subject.slice(subject.lastIndexOf('.') + 1) : route.asker.user;
}

/** Raw JSON in: a request whose reply is not under its asker's inbox, or whose body is not its shape, reaches no handler. */
class RpcRequestDeserializer implements ConsumerDeserializer {
  private readonly routes: ReadonlyMap<string, RpcRoute>;
  constructor(routes: readonly RpcRoute[]) { this.routes = new Map(routes.map(route => [route.subject, route])); }

  /** @throws RpcError - the message is to be dropped without an answer */
  deserialize(message: IncomingMessage, { channel }: { channel: string }): IncomingRequest | IncomingEvent {
    const route = this.routes.get(channel);
    if (!route) throw new RpcError('dropped', `nothing is answered on ${channel}`);
    const asker = askerOf(route, message.subject), reply = message.reply ?? '';
    if (asker === undefined ? reply !== '' : !reply.startsWith(`${inboxOf(asker)}.`)) throw new RpcError('dropped', `a reply elsewhere than to the asker of ${channel}`);
    const body = route.body.safeParse(parseJson(message.data, channel));
    if (!body.success) throw new RpcError('dropped', `a body that is none of ${channel}`);
    const packet = { pattern: channel, data: { asker, body: body.data } satisfies RpcRequest<unknown> };
    return asker === undefined ? packet : { ...packet, id: reply };
  }
}

function parseJson(bytes: Uint8Array, channel: string): unknown {
  try {
    return JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8'));
  } catch (error) { throw new RpcError('dropped', `no JSON on ${channel}`, error); }
}

/** Raw JSON out: `{ ok }`, or `{ error, error_description }` in which nothing of an unforeseen error shows. */
class RpcReplySerializer implements ConsumerSerializer {
  serialize({ err, response }: Pick<OutgoingResponse, 'err' | 'response'>): { data: string } {
    if (err === undefined || err === null) {
      const ok: unknown = response ?? null;
      return { data: JSON.stringify({ ok }) };
    }
    const refusal = Refusal.safeParse(err);
    return { data: JSON.stringify(refusal.success ? refusal.data : { error: 'server_error', error_description: 'the request could not be handled' }) };
  }
}
/** What an RpcError gives, by way of Nest's own filter; that of an unforeseen error is another. */
const Refusal = z.object({ error: z.string(), error_description: z.string() });

/** Nest's own NATS transport, on the process's one connection: it neither makes nor closes one, and never holds up the start. */
class SharedConnectionNatsServer extends ServerNats {
  private readonly closing = new AbortController();
  private readonly own: Subscription[] = [];
  private readonly underWay = new Set<Promise<unknown>>();

  constructor(private readonly bus: Bus, private readonly log: MessagingLog, queue: string, routes: readonly RpcRoute[]) {
    super({ queue, serializer: new RpcReplySerializer(), deserializer: new RpcRequestDeserializer(routes) });
  }

  override async listen(callback: (error?: unknown) => void): Promise<void> {
    callback();
    const connection = await this.bus.connection(this.closing.signal).catch(() => undefined);
    this.bindEvents({
      subscribe: (subject: string, options: SubscriptionOptions) => {
        const subscription = connection?.subscribe(subject, options);
        if (subscription) this.own.push(subscription);
        return subscription;
      },
    });
  }

  override async handleMessage(...message: Parameters<ServerNats['handleMessage']>): Promise<void> {
    const work = super.handleMessage(...message).catch((error: unknown) => { this.log.warn({ err: error }, 'a message on the bus was dropped'); });
    this.underWay.add(work);
    await work;
    this.underWay.delete(work);
  }

  /** Takes no further request and answers those that were accepted, within 5 s. */
  override async close(): Promise<void> {
    this.closing.abort();
    const answered = Promise.allSettled(this.own.splice(0).map(subscription => subscription.drain()))
      .then(() => Promise.allSettled(this.underWay)).then(() => nextTurn());
    await Promise.race([answered, pause(CLOSE_BOUND_MS, undefined, { ref: false })]);
  }
}

/**
 * The transport of `@MessagePattern(subject, Transport.NATS)` and `@EventPattern(subject, Transport.NATS)` handlers, whose
 * payload is an RpcRequest. `queue` is the service's name: of its instances one receives a request. Handlers refuse by
 * throwing an RpcError; whatever else they throw is logged by Nest and answered as a bare `server_error`. Starting it need not be awaited and does not wait for the bus.
 */
export const natsRpcServerOptions = (bus: Bus, log: MessagingLog, queue: string, routes: readonly RpcRoute[]): CustomStrategy => ({
  strategy: new SharedConnectionNatsServer(bus, log, queue, routes),
});
