import { z } from 'zod';

/** A mark whose events would take more says `too_many` instead, and makes nobody current. */
export const MAX_MARK_BYTES = 256 * 1024;
/** Nonces that one mark carries at most; those beyond wait for the next. */
export const MAX_MARK_NONCES = 1000;
/** How long the stream keeps a mark. */
export const MARK_TTL_SECONDS = 60;

const nonce = z.string().regex(/^[A-Za-z0-9_-]{16,64}$/);
const nonces = z.array(nonce).min(1).max(MAX_MARK_NONCES);

/** Body of `strowger.rpc.feed.ask`: a guard sends a nonce it never sent before, and waits to meet it in its own feed. */
export const FeedAsk = z.strictObject({ nonce });
export type FeedAsk = z.infer<typeof FeedAsk>;

/**
 * The mark in the feed of what lowers rights. Who meets its own nonce in it has applied everything that was committed before it sent that nonce:
 * what was not published yet stands in `owed` (events, in no order), the rest stands before the mark.
 */
export const FeedMark = z.union([z.strictObject({ nonces, owed: z.array(z.unknown()) }), z.strictObject({ nonces, too_many: z.literal(true) })]);
export type FeedMark = z.infer<typeof FeedMark>;
