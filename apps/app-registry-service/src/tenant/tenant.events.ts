import { createHash } from 'node:crypto';
import { EventData, EventType, lowersARight, StrowgerEvent } from '@strowger/contracts/event-catalogue';
import { eventIdOf, makeEvent } from '@strowger/models/outbox/make-event';
import { Tenant } from '@strowger/models/tenants/tenants.reader';
import { TENANTS } from '@strowger/models/tenants/tenants.schema';
import { along, Change, compare, Comparison, Direction, neutral, Origin, saidOf, Settled, versionsAfter } from '../change-log';

/** Until when a switch is on: never, until a moment, or for ever. */
const end = (on: boolean, until: Date | undefined): number => (on ? until?.getTime() ?? Infinity : -Infinity);
const direction = (from: number, to: number): Direction => ({ lowers: to < from, raises: to > from });

/** A tenant as events show it: a switch and its end are one thing, a logo is its SHA-256. */
interface Shown {
  password_grant: string;
  implicit_grant: string;
  api_application: boolean;
  access_token_ttl_seconds: number;
  refresh_token_ttl_seconds: number;
  logo: string | undefined;
  administrators: readonly string[];
}
const shownSwitch = (on: boolean, until: Date | undefined): string => (on ? (until ? `on until ${until.toISOString()}` : 'on') : 'off');
const shown = (tenant: Tenant): Shown => ({
  password_grant: shownSwitch(tenant.password_grant, tenant.password_grant_until),
  implicit_grant: shownSwitch(tenant.implicit_grant, tenant.implicit_grant_until),
  api_application: tenant.api_application,
  access_token_ttl_seconds: tenant.access_token_ttl_seconds,
  refresh_token_ttl_seconds: tenant.refresh_token_ttl_seconds,
  logo: tenant.logo && createHash('sha256').update(tenant.logo).digest('hex'),
  administrators: tenant.administrators,
});

/** Lifetimes bound what is issued from now on; a shorter one takes nothing from what is issued. */
const comparison = (before: Tenant, after: Tenant): Comparison<Shown> => ({
  password_grant: () => direction(end(before.password_grant, before.password_grant_until), end(after.password_grant, after.password_grant_until)),
  implicit_grant: () => direction(end(before.implicit_grant, before.implicit_grant_until), end(after.implicit_grant, after.implicit_grant_until)),
  api_application: along([false, true]),
  access_token_ttl_seconds: () => neutral,
  refresh_token_ttl_seconds: () => neutral,
  logo: () => neutral,
  administrators: () => neutral,
});

/** What events a new tenant causes. */
export function tenantCreated(tenant: Tenant, origin: Origin): StrowgerEvent[] {
  return [event(tenant, 'tenant.created', origin, base(tenant, origin))];
}

/**
 * Decides what a change of a tenant raises and tells, from how it stood and how it is to stand. `act` is what shows in no
 * field. A switch turned off or ended earlier raises `rights_version`; sign-out raises `sign_out_version` too.
 */
export function settleTenant(before: Tenant, wanted: Tenant, origin: Origin, act?: 'sign_out'): Settled<Tenant> {
  const types = new Map<EventType, readonly Change[]>();
  const { lowered, raised } = compare(shown(before), shown(wanted), comparison(before, wanted));
  if (act === 'sign_out') types.set('tenant.signed_out', []);
  if (lowered.length > 0) types.set('tenant.narrowed', lowered);
  if (raised.length > 0) types.set('tenant.updated', raised);
  if (types.size === 0) return { after: before, events: [] };

  const after: Tenant = { ...wanted, ...versionsAfter(before, { lowers: [...types.keys()].some(lowersARight), signsOut: act === 'sign_out' }) };
  return { after, events: [...types].map(([type, changes]) => tell(type, after, changes, origin)) };
}

function tell(type: EventType, after: Tenant, changes: readonly Change[], origin: Origin): StrowgerEvent {
  const listed = changes.length > 0 ? { changes: [...changes] } : {};
  switch (type) {
    case 'tenant.signed_out': case 'tenant.narrowed':
      return event(after, type, origin, { ...base(after, origin), rights_version: after.rights_version, ...listed });
    case 'tenant.updated':
      return event(after, type, origin, { ...base(after, origin), ...listed });
    default:
      throw new TypeError(`${type} is no event of a change of a tenant`);
  }
}

const base = ({ id, version }: Tenant, origin: Origin) => ({ tenant_id: id, version, ...saidOf(origin) });

function event<T extends EventType>({ id, version }: Tenant, type: T, { source, time }: Origin, data: EventData<T>): StrowgerEvent<T> {
  return makeEvent(source, type, eventIdOf(TENANTS, id, version, type), id, time, data);
}
