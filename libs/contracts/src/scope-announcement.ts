import { z } from 'zod';

/** What a scope opens: a route or a GraphQL field. */
export const ScopeOpening = z.union([
  z.strictObject({ method: z.string().regex(/^[A-Z]{3,7}$/), path: z.string().startsWith('/').max(256) }),
  z.strictObject({ field: z.string().regex(/^[A-Za-z_][A-Za-z0-9_.]{0,127}$/) }),
]);
const scope = z.string().regex(/^(rest|gql|strowger):[a-z][a-z0-9_-]{0,63}(:(read|write)(:[a-z][a-z0-9_-]{0,63})?)?$/);
/** A scope as its service announces it: `type:module[:verb[:sub]]`, verb `read` or `write`. */
export const AnnouncedScope = z.strictObject({
  scope,
  description: z.string().min(1).max(256),
  access_level: z.enum(['call_api', 'all']),
  opens: z.array(ScopeOpening).max(200),
  /** Names the scope to use instead: this one is deprecated. */
  successor: scope.optional(),
});
export type AnnouncedScope = z.infer<typeof AnnouncedScope>;
/** Body of `strowger.rpc.scope.announce.<service>`, sent at start and every minute. */
export const ScopeAnnouncement = z.strictObject({ scopes: z.array(AnnouncedScope).min(1).max(2000) });
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
