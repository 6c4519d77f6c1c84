import { jetstreamManager } from '@nats-io/jetstream';
import { AUDIT_CONSUMER, STREAM } from '@strowger/contracts/bus-users';
import { Bus, BusUnavailable } from './bus';

const TIMEOUT_MS = 2000;

/** How far the consumer that all instances of audit-service share has come, all of it at one moment. */
export interface Progress {
  /** Messages that nobody has received, and those received but not acknowledged. */
  readonly waiting: number;
  /** Sequence of the message before which nothing is left to acknowledge. */
  readonly settled: number;
  /** Sequence of the stream's last message, a mark of the feed perhaps, which the consumer never sees. */
  readonly last: number;
}

/**
 * Asks the bus how far the trail has come. What stood in the stream at the moment of asking is recorded as soon as nothing
 * waits, or a later answer's `settled` has reached this one's `last`.
 * @throws BusUnavailable - not connected
 * @throws an error of the NATS client - no answer within 2 s, or stream or consumer are not there
 */
export async function trailProgress(bus: Bus): Promise<Progress> {
  if (!bus.connected) throw new BusUnavailable();
  const manager = await jetstreamManager(await bus.connection(), { checkAPI: false, timeout: TIMEOUT_MS });
  // In this order: what the stream gets between the two answers may count as waiting, never as recorded.
  const { state } = await manager.streams.info(STREAM);
  const { num_pending, num_ack_pending, ack_floor } = await manager.consumers.info(STREAM, AUDIT_CONSUMER);
  return { waiting: num_pending + num_ack_pending, settled: ack_floor.stream_seq, last: state.last_seq };
}
