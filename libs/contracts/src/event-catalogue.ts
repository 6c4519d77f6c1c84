import { z } from 'zod';
import { Envelope } from './cloud-event';

/** A service that publishes events or guards an API; also the name of its bus user. */
export const serviceNames = ['token-service', 'app-registry-service', 'scope-service', 'audit-service', 'pbx-api-service', 'portal-service'] as const;
export type ServiceName = (typeof serviceNames)[number];

/** Who acts for whom: RFC 8693 §4.1, outermost actor first. */
export interface Act { sub: string; act?: Act | undefined }
const act: z.ZodType<Act> = z.lazy(() => z.object({ sub: z.string(), act: act.optional() }));

/** What every event's `data` holds. `by` says who did it, `version` is the document's after the change. */
const base = {
  tenant_id: z.string(),
  version: z.number().int(),
  by: z.object({ account_id: z.string().optional(), client_id: z.string().optional(), act: act.optional() }).optional(),
  request_id: z.string().optional(),
  ip: z.string().optional(),
  user_agent: z.string().max(256).optional(),
};
const changes = z.array(z.object({ field: z.string(), from: z.unknown(), to: z.unknown() }));
const grant = { grant_id: z.string(), application_id: z.string(), account_id: z.string(), scope: z.string(), reason: z.string().optional() };
const consent = { application_id: z.string(), account_id: z.string(), scope: z.string() };
const login = { account_id: z.string().optional(), reason: z.string().optional(), count: z.number().int().optional() };
const application = {
  application_id: z.string(), client_id: z.string(), name: z.string(), type: z.string(), scope: z.string(), access_level: z.string(),
  changes: changes.optional(),
};
const loweredApplication = { application_id: z.string(), client_id: z.string(), rights_version: z.number().int(), changes: changes.optional() };
const secret = {
  application_id: z.string(), client_id: z.string(), secret_id: z.string(), rights_version: z.number().int().optional(), new_client_id: z.string().optional(),
};
const account = { account_id: z.string(), username: z.string(), kind: z.string(), role: z.string(), changes: changes.optional() };
const loweredAccount = { account_id: z.string(), rights_version: z.number().int(), changes: changes.optional() };
const tenant = { rights_version: z.number().int().optional(), changes: changes.optional() };
const scope = { scope: z.string(), description: z.string(), access_level: z.string(), announced_by: z.string() };

/** L lowers a right (guards follow it), C invalidates caches. */
interface CatalogueEntry { readonly service: ServiceName; readonly lowers?: true; readonly caches?: true; readonly data: z.ZodObject }
const entry = <S extends z.ZodRawShape>(service: ServiceName, flags: '' | 'L' | 'C' | 'LC', shape: S) => ({
  service, ...(flags.includes('L') && { lowers: true as const }), ...(flags.includes('C') && { caches: true as const }),
  data: z.object({ ...base, ...shape }),
});

/** Every event of the deployment, its one publisher, its flags and what it says. Nothing else is an event. */
export const eventCatalogue = {
  'token.issued': entry('token-service', '', {
    token_id: z.string(), application_id: z.string(), client_id: z.string(), client_name: z.string(), account_id: z.string(), username: z.string(),
    grant_type: z.string(), grant_id: z.string().optional(), scope: z.string(), token_format: z.string(), expires_at: z.iso.datetime(),
    secret_id: z.string().optional(), act: act.optional(),
  }),
  'token.revoked': entry('token-service', 'L', { token_id: z.string(), grant_id: z.string().optional(), reason: z.string() }),
  'token.rejected': entry('token-service', '', {
    client_id: z.string().optional(), grant_type: z.string().optional(), reason: z.string(), count: z.number().int().optional(),
  }),
  'grant.created': entry('token-service', '', grant),
  'grant.revoked': entry('token-service', 'L', grant),
  'grant.reuse_detected': entry('token-service', 'L', grant),
  'consent.granted': entry('token-service', '', consent),
  'consent.denied': entry('token-service', '', consent),
  'consent.removed': entry('token-service', '', consent),
  'device.approved': entry('token-service', '', consent),
  'device.denied': entry('token-service', '', consent),
  'login.succeeded': entry('token-service', '', login),
  'login.failed': entry('token-service', '', login),
  'login.ended': entry('token-service', '', login),
  'impersonation.started': entry('token-service', '', {
    token_id: z.string(), account_id: z.string(), username: z.string().optional(), application_id: z.string().optional(), client_id: z.string().optional(), client_name: z.string().optional(),
    scope: z.string().optional(), expires_at: z.iso.datetime().optional(), act: act.optional(),
  }),
  'key.rotated': entry('token-service', 'C', { kid: z.string() }),
  // What it signed is not believed any more; introspection still knows which tokens were really issued.
  'key.withdrawn': entry('token-service', 'LC', { kid: z.string() }),
  'application.registered': entry('app-registry-service', 'C', application),
  'application.updated': entry('app-registry-service', 'C', application),
  'application.enabled': entry('app-registry-service', 'C', application),
  'access_level.requested': entry('app-registry-service', 'C', application),
  'application.disabled': entry('app-registry-service', 'LC', loweredApplication),
  'application.deleted': entry('app-registry-service', 'LC', loweredApplication),
  'application.signed_out': entry('app-registry-service', 'LC', loweredApplication),
  'application.narrowed': entry('app-registry-service', 'LC', loweredApplication),
  'secret.rotated': entry('app-registry-service', 'C', secret),
  'secret.burned': entry('app-registry-service', 'LC', secret),
  // A public client has no secret.
  'credentials.regenerated': entry('app-registry-service', 'LC', { ...secret, secret_id: z.string().optional() }),
  'account.created': entry('app-registry-service', 'C', account),
  'account.updated': entry('app-registry-service', 'C', account),
  'account.unblocked': entry('app-registry-service', 'C', account),
  'account.blocked': entry('app-registry-service', 'LC', loweredAccount),
  'account.deleted': entry('app-registry-service', 'LC', loweredAccount),
  'account.signed_out': entry('app-registry-service', 'LC', loweredAccount),
  'account.narrowed': entry('app-registry-service', 'LC', loweredAccount),
  'account.password_changed': entry('app-registry-service', 'LC', loweredAccount),
  'tenant.created': entry('app-registry-service', 'C', tenant),
  'tenant.updated': entry('app-registry-service', 'C', tenant),
  'tenant.signed_out': entry('app-registry-service', 'LC', tenant),
  'tenant.narrowed': entry('app-registry-service', 'LC', tenant),
  'scope.announced': entry('scope-service', 'C', scope),
  'scope.withdrawn': entry('scope-service', 'C', scope),
  'audit.exported': entry('audit-service', '', { filter: z.string(), count: z.number().int() }),
} satisfies Record<string, CatalogueEntry>;

export type EventType = keyof typeof eventCatalogue;
export type EventData<T extends EventType = EventType> = z.infer<(typeof eventCatalogue)[T]['data']>;

/** An event as it is published (CloudEvents 1.0). `source` is `/<service>/<instance>`, `subject` the document's id. */
export interface StrowgerEvent<T extends EventType = EventType> extends Envelope {
  readonly type: T;
  readonly subject: string;
  readonly data: EventData<T>;
}

/** Whether `type` is one of the catalogue's. */
export const isEventType = (type: string): type is EventType => Object.hasOwn(eventCatalogue, type);
const entryOf = (type: EventType): CatalogueEntry => eventCatalogue[type];

/** Whether events of this type lower a right, so that guards must hear of them before they trust their feed. */
export const lowersARight = (type: EventType): boolean => entryOf(type).lowers === true;

/** The subject follows from the flags alone; nothing a user typed is ever part of it. */
export function subjectOf(type: EventType): string {
  const { lowers, caches } = entryOf(type);
  return lowers ? `strowger.feed.lowering.${type}` : caches ? `strowger.feed.cache.${type}` : `strowger.events.${type}`;
}

/** The types a service publishes, in the catalogue's order. */
export const typesOf = (service: ServiceName): EventType[] => (Object.keys(eventCatalogue) as EventType[]).filter(type => entryOf(type).service === service);
