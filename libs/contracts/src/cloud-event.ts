import { z } from 'zod';

/** Largest batch that travels as one JetStream message and stands as one outbox document. */
export const MAX_EVENTS_PER_MESSAGE = 256;
/** Largest encoded batch, in bytes. */
export const MAX_MESSAGE_BYTES = 512 * 1024;
/** Content type of every message on the stream (CloudEvents 1.0, JSON batch format). */
export const BATCH_CONTENT_TYPE = 'application/cloudevents-batch+json';

/**
 * What makes a message element an event at all (CloudEvents 1.0): everything else about it may be unknown to an
 * older reader, and it is recorded all the same. `time` is RFC 3339 in UTC with milliseconds.
 */
export const Envelope = z.looseObject({
  specversion: z.literal('1.0'),
  id: z.string().min(1).max(128),
  source: z.string().min(1).max(256),
  type: z.string().min(1).max(128),
  subject: z.string().max(256).optional(),
  time: z.iso.datetime(),
});
export type Envelope = z.infer<typeof Envelope>;

/** Encodes events once: the same bytes go to the outbox and onto the bus. */
export const encodeBatch = (events: readonly object[]): Buffer => Buffer.from(JSON.stringify(events));

/**
 * Decodes a message body into its elements, without judging them.
 * @throws SyntaxError - the bytes are not a JSON array
 */
export function decodeBatch(bytes: Uint8Array): unknown[] {
  const elements: unknown = JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8'));
  if (!Array.isArray(elements)) throw new SyntaxError('not a JSON array');
  return elements;
}
