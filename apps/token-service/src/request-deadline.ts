import type { FastifyRequest } from 'fastify';
import { OAuthError } from '@strowger/oauth-core/oauth-error';

/** An answer that takes longer is worth nothing to a guard, and people ask again. */
const DEADLINE_MS = 5000;
/** One look at all that is waited for, so often, costs less than a timer for each of it. */
const LOOK_EVERY_MS = 50;
interface Waiting { readonly until: number; readonly tooLate: () => void }
const began = new WeakMap<FastifyRequest, number>();
const waiting = new Set<Waiting>();
let looking: NodeJS.Timeout | undefined;

/**
 * Waits for a part of a request's work until five seconds after its first part began. Work that is late goes on, unanswered:
 * a token that becomes durable then exists, and nobody has it.
 * @throws OAuthError temporarily_unavailable - the deadline has passed; else what `work` throws
 */
export function withinDeadline<T>(request: FastifyRequest, work: Promise<T>): Promise<T> {
  let start = began.get(request);
  if (start === undefined) began.set(request, start = performance.now());
  const until = start + DEADLINE_MS;
  return new Promise((resolve, reject) => {
    const entry = { until, tooLate: () => { reject(new OAuthError('temporarily_unavailable', 'the database does not answer in time; try again', { retryAfterSeconds: 1 })); } };
    waiting.add(entry);
    looking ??= setInterval(look, LOOK_EVERY_MS);
    work.then(
      value => { waiting.delete(entry); resolve(value); },
      (error: unknown) => { waiting.delete(entry); reject(error instanceof Error ? error : new Error(String(error))); },
    );
  });
}

function look(): void {
  const now = performance.now();
  for (const entry of waiting) {
    if (entry.until > now) continue;
    waiting.delete(entry);
    entry.tooLate();
  }
  if (waiting.size > 0) return;
  clearInterval(looking);
  looking = undefined;
}
