import type { IncomingMessage } from 'node:http';
import { Strategy } from 'passport';
import { answerOf } from './api-error-answer';
import { ApiError } from './api-error';
import { Guard } from './guard';
import { rememberCaller } from './guarded-request';
import { needOf, NeedOptions } from './need';

/** What is said to `passport.authenticate('strowger', { scope: 'rest:calllog:read', session: false })`. */
export interface BearerOptions extends NeedOptions { readonly scope?: string }
type PassportRequest = IncomingMessage & { readonly query?: unknown; readonly body?: unknown };

/**
 * The guard as a strategy of passport, named `strowger`. The user is the caller. A refusal goes through passport's `fail` with the whole challenge and
 * its status; what is neither (nobody can judge the token now) through its `error`, as an ApiError.
 */
export class BearerStrategy extends Strategy {
  override readonly name = 'strowger';

  constructor(private readonly guard: Guard = Guard.start()) { super(); }

  override authenticate(request: PassportRequest, { scope, ...options }: BearerOptions = {}): void {
    if (scope === undefined) { this.error(new Error("passport.authenticate('strowger', { scope }) must say which scope the route needs")); return; }
    const { headers, query, body, method } = request;
    this.guard.authorize({ headers, query, body, raw: request }, needOf(scope, options), method).then(caller => { rememberCaller(request, caller); this.success(caller); }, (error: unknown) => {
      const challenge = error instanceof ApiError && error.httpStatus < 500 ? answerOf(error).headers['www-authenticate'] : undefined;
      if (error instanceof ApiError && challenge !== undefined) this.fail(challenge, error.httpStatus);
      else this.error(error);
    });
  }
}
