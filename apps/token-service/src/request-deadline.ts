import type { FastifyRequest } from 'fastify';
import { OAuthError } from '@strowger/oauth-core/oauth-error';

/** An answer that takes longer is worth nothing to a guard, and people ask again. */
const DEADLINE_MS = 5000;
const began = new WeakMap<FastifyRequest, number>();

/**
 * Waits for a part of a request's work until five seconds after its first part began. Work that is late goes on, unanswered:
 * a token that becomes durable then exists, and nobody has it.
 * @throws OAuthError temporarily_unavailable - the deadline has passed; else what `work` throws
 */
export async function withinDeadline<T>(request: FastifyRequest, work: Promise<T>): Promise<T> {
  const now = performance.now(), start = began.get(request) ?? now;
  began.set(request, start);
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => { reject(new OAuthError('temporarily_unavailable', 'the database does not answer in time; try again', { retryAfterSeconds: 1 })); }, Math.max(0, start + DEADLINE_MS - now));
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
