import { AuthenticatedCaller } from './token-introspector';

const callers = new WeakMap<object, AuthenticatedCaller>();

/** Remembers who calls by a request, once its token was found sufficient. */
export const rememberCaller = (request: object, caller: AuthenticatedCaller): void => { callers.set(request, caller); };

/**
 * Who calls by a guarded request (Express's, Fastify's or Node's own).
 * @throws Error - no guard has let this request pass
 */
export function callerOf(request: object): AuthenticatedCaller {
  const caller = callers.get(request);
  if (!caller) throw new Error('no guard has let this request pass');
  return caller;
}
