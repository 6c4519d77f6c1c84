import { AsyncLocalStorage } from 'node:async_hooks';
import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

const ACCEPTED = /^[A-Za-z0-9._-]{1,64}$/;
const current = new AsyncLocalStorage<string>();

/** Id of the request that is being answered, in its handlers and whatever they await; undefined outside of any. */
export const requestId = (): string | undefined => current.getStore();

/** Runs `work` as part of the request `id`, so that its log lines carry the id. */
export const withRequestId = (id: string, work: () => void): void => { current.run(id, work); };

/** The id of an incoming request: its `X-Request-Id` where that is harmless text, else a random one. */
export function requestIdOf(request: IncomingMessage): string {
  const given = request.headers['x-request-id'];
  return typeof given === 'string' && ACCEPTED.test(given) ? given : randomUUID();
}
