import { z } from 'zod';
import { scopeTypes } from '@strowger/oauth-core/scope';
import { pageLimit } from '@strowger/service/page-limit';

const scopeSyntax = /^[a-z][a-z0-9_:-]{0,255}$/;

/** Where a page ends, as the caller gets it back: opaque, and nothing but a scope. */
export const cursorAfter = (scope: string): string => Buffer.from(scope).toString('base64url');
const cursor = z.string().max(400).transform((text, context) => {
  const scope = Buffer.from(text, 'base64url').toString('latin1');
  if (scopeSyntax.test(scope) && cursorAfter(scope) === text) return scope;
  context.addIssue({ code: 'custom', message: 'not a cursor that a list returned' });
  return z.NEVER;
});

/** `GET /api/scopes`: `q` is looked for as it stands, in scope and description, whatever the case. */
export const ScopeListQuery = z.strictObject({
  api_type: z.enum(scopeTypes).optional(),
  module: z.string().regex(/^[a-z][a-z0-9_-]{0,63}$/, 'lower-case letters, digits, _ and -, at most 64').optional(),
  q: z.string().min(1).max(100).regex(/^\P{Cc}*$/u, 'no control characters').optional(),
  limit: pageLimit,
  cursor: cursor.optional(),
});

/** `GET /api/scopes/tree`: takes nothing. */
export const ScopeTreeQuery = z.strictObject({});

/** `GET /api/scopes/resolve`: a scope string, `all` included. */
export const ScopeResolveQuery = z.strictObject({ scope: z.string() });
