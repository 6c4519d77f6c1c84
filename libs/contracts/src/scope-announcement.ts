import { z } from 'zod';

/** Of one announcement, which names all that a service has. With two openings each they stay far below what the bus takes as one message, 1 MiB. */
const MAX_ANNOUNCED_SCOPES = 2000;
const MAX_OPENINGS = 200, MAX_TEXT = 256;
const methods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'];
/** Segments of plain characters and `{parameters}`: nothing that a router, a log or a page could read in two ways. */
const plainPath = /^(?:\/(?:[A-Za-z0-9._~@:+-]|\{[A-Za-z_][A-Za-z0-9_]*\})+)*\/?$/;
const dotSegment = /(?:^|\/)\.{1,2}(?:\/|$)/;
/** Control characters, halves of characters, and marks that turn the direction of what follows them. */
const unreadable = /[\p{Cc}\p{Cs}\u2028\u2029\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]/u;

/** What a scope opens: a route, its path as the caller sees it with `{parameters}`, or a GraphQL field. */
export const ScopeOpening = z.union([
  z.strictObject({
    method: z.string().refine(method => methods.includes(method), `one of ${methods.join(', ')}`),
    path: z.string().refine(path => path.length <= MAX_TEXT && path.startsWith('/') && plainPath.test(path) && !dotSegment.test(path), `a path such as /api/rest/faxes/{id}, at most ${String(MAX_TEXT)} characters`),
  }),
  z.strictObject({ field: z.string().regex(/^[A-Za-z_][A-Za-z0-9_.]{0,127}$/, 'the name of a GraphQL field, at most 128 characters') }),
], { error: 'a route {"method","path"} or a GraphQL field {"field"}' });
const scope = z.string().regex(/^(rest|gql|strowger):[a-z][a-z0-9_-]{0,63}(:(read|write)(:[a-z][a-z0-9_-]{0,63})?)?$/, {
  error: 'type:module[:verb[:sub]]: type rest, gql or strowger, verb read or write; module and sub of a-z, 0-9, _ and -, beginning with a letter, at most 64 characters',
});
/** A scope as its service announces it: `type:module[:verb[:sub]]`, verb `read` or `write`. */
export const AnnouncedScope = z.strictObject({
  scope,
  description: z.string().max(MAX_TEXT, `at most ${String(MAX_TEXT)} characters`).refine(text => text.trim() !== '' && !unreadable.test(text), 'one line of text, not blank, without control characters'),
  access_level: z.enum(['call_api', 'all']),
  opens: z.array(ScopeOpening).max(MAX_OPENINGS, `at most ${String(MAX_OPENINGS)}`),
  /** Names the scope to use instead: this one is deprecated. */
  successor: scope.optional(),
});
export type AnnouncedScope = z.infer<typeof AnnouncedScope>;
/** Body of `strowger.rpc.scope.announce.<service>`, sent at start and every minute. */
export const ScopeAnnouncement = z.strictObject({ scopes: z.array(AnnouncedScope).min(1).max(MAX_ANNOUNCED_SCOPES, `at most ${String(MAX_ANNOUNCED_SCOPES)} in an announcement`) });
export type ScopeAnnouncement = z.infer<typeof ScopeAnnouncement>;
/** A scope of an announcement that was not taken, and why; the others were. */
export const RefusedScope = z.object({ scope: z.string(), reason: z.string() });
export type RefusedScope = z.infer<typeof RefusedScope>;
/** `ok` of the reply to an announcement. */
export const AnnouncementReply = z.object({ accepted: z.number().int(), refused: z.array(RefusedScope) });
export type AnnouncementReply = z.infer<typeof AnnouncementReply>;
/** Reply of every request on the bus. */
export const RpcReply = z.union([z.object({ ok: z.unknown() }), z.object({ error: z.string(), error_description: z.string() })]);
export type RpcReply = z.infer<typeof RpcReply>;
