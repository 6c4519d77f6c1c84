import { mongo } from 'mongoose';

/** One document that an insertMany was refused: its place among them, and the server's code. */
export interface Refusal { readonly index: number; readonly code: number }

/**
 * Which of `count` documents an unordered insertMany was refused for certain, the others being durable; undefined where
 * the error leaves that open. The driver reports a lost connection, too, as a bulk write error, one without refusals:
 * only an account of every single document says what became of them.
 */
export function refusalsOf(error: unknown, count: number): readonly Refusal[] | undefined {
  if (!(error instanceof mongo.MongoBulkWriteError) || error.result.getWriteConcernError()) return undefined;
  const refused: readonly mongo.WriteError[] = [error.writeErrors].flat();
  return refused.length > 0 && error.insertedCount + refused.length === count ? refused.map(({ index, code }) => ({ index, code })) : undefined;
}
