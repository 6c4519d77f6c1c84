import { jetstream } from '@nats-io/jetstream';
import { FEED_MARK, rpc } from '@strowger/contracts/bus-users';
import { FeedAsk, FeedMark, MARK_TTL_SECONDS } from '@strowger/contracts/feed-mark';
import { Bus, BusUnavailable } from './bus';

const ACKNOWLEDGED_WITHIN_MS = 2000;

/**
 * Asks token-service for a mark with this nonce. No answer comes but the mark, in the feed.
 * @throws BusUnavailable - not connected; nothing was sent
 */
export async function askForMark(bus: Bus, nonce: string): Promise<void> {
  if (!bus.connected) throw new BusUnavailable();
  (await bus.connection()).publish(rpc.askFeed, JSON.stringify({ nonce } satisfies FeedAsk));
}

/**
 * Puts a mark, as JSON, into the feed; the stream forgets it after a minute.
 * @throws BusUnavailable - not connected; an error of the NATS client - not acknowledged within 2 s
 */
export async function publishMark(bus: Bus, mark: string): Promise<void> {
  if (!bus.connected) throw new BusUnavailable();
  await jetstream(await bus.connection()).publish(FEED_MARK, mark, { ttl: `${String(MARK_TTL_SECONDS)}s`, timeout: ACKNOWLEDGED_WITHIN_MS });
}

/** A mark as it was received; undefined where the text is none: only token-service's user may publish one, but the server itself can be made to write here. */
export function readMark(body: Uint8Array): FeedMark | undefined {
  try {
    return FeedMark.safeParse(JSON.parse(Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('utf8'))).data;
  } catch {
    return undefined;
  }
}
