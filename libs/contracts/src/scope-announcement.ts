import { z } from 'zod';

/** What a scope opens: a route or a GraphQL field. */
export const ScopeOpening = z.union([
  z.strictObject({ method: z.string().regex(/^[A-Z]{3,7}$/), path: z.string().startsWith('/').max(256) }),
  z.strictObject({ field: z.string().regex(/^[A-Za-z_][A-Za-z0-9_.]{0,127}$/) }),
]);
/** A scope as its service announces it: `type:module[:verb[:sub]]`, verb `read` or `write`. */
export const AnnouncedScope = z.strictObject({
  scope: z.string().regex(/^(rest|gql|strowger):[a-z][a-z0-9_-]{0,63}(:(read|write)(:[a-z][a-z0-9_-]{0,63})?)?$/),
  description: z.string().min(1).max(256),
  access_level: z.enum(['call_api', 'all']),
  opens: z.array(ScopeOpening).max(200),
  successor: z.string().max(256).optional(),
});
export type AnnouncedScope = z.infer<typeof AnnouncedScope>;
/** Body of `strowger.rpc.scope.announce.<service>`, sent at start and every minute. */
export const ScopeAnnouncement = z.strictObject({ scopes: z.array(AnnouncedScope).min(1).max(2000) });
export type ScopeAnnouncement = z.infer<typeof ScopeAnnouncement>;
/** Reply of every request on the bus. */
export const RpcReply = z.union([z.object({ ok: z.unknown() }), z.object({ error: z.string(), error_description: z.string() })]);
export type RpcReply = z.infer<typeof RpcReply>;
