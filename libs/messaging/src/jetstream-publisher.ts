import { jetstream, JetStreamClient } from '@nats-io/jetstream';
import { headers, NatsConnection } from '@nats-io/transport-node';
import { BATCH_CONTENT_TYPE } from '@strowger/contracts/cloud-event';
import { EventPublisher } from '@strowger/contracts/outbox';
import { Bus, BusUnavailable } from './bus';

const ACKNOWLEDGED_WITHIN_MS = 2000;

/**
 * Publishes to the stream of events and waits for its acknowledgement. One attempt, no message id: the relay is the
 * retry, and readers judge by event id.
 */
export class JetStreamPublisher extends EventPublisher {
  /** The client of the connection that stands; a new one for each message costs as much as sending it. */
  private client: { readonly of: NatsConnection; readonly stream: JetStreamClient } | undefined;

  constructor(private readonly bus: Bus) { super(); }

  /**
   * @throws BusUnavailable - not connected; nothing was sent, and nothing is kept to be sent later
   * @throws an error of the NATS client - no stream, refused, or not acknowledged within 2 s (it may have been stored)
   */
  override async publish(subject: string, batch: Uint8Array): Promise<void> {
    if (!this.bus.connected) throw new BusUnavailable();
    const connection = await this.bus.connection();
    const types = headers();
    types.set('content-type', BATCH_CONTENT_TYPE);
    if (this.client?.of !== connection) this.client = { of: connection, stream: jetstream(connection) };
    await this.client.stream.publish(subject, batch, { headers: types, timeout: ACKNOWLEDGED_WITHIN_MS });
  }
}
