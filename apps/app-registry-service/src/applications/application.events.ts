import { EventData, EventType, lowersARight, StrowgerEvent } from '@strowger/contracts/event-catalogue';
import { Application } from '@strowger/models/applications/applications.reader';
import { APPLICATIONS } from '@strowger/models/applications/applications.schema';
import { eventIdOf, makeEvent } from '@strowger/models/outbox/make-event';
import { accessLevels } from '@strowger/oauth-core/facts';
import { narrowedScope } from '@strowger/oauth-core/scope';
import { along, Change, compare, Comparison, neutral, Origin, saidOf, Settled, versionsAfter } from '../change-log';

/** `description`, `website`, `redirect_uris` give no right to a token: taking one away is a change like any other. */
const comparison: Comparison<Application> = {
  scope: (from, to) => ({ lowers: narrowedScope(from, to) !== from, raises: narrowedScope(to, from) !== to }),
  access_level: along(accessLevels),
  password_grant: along([false, true]),
  name: () => neutral,
  description: () => neutral,
  website: () => neutral,
  redirect_uris: () => neutral,
  token_format: () => neutral,
};

const shape = ({ id, client_id, name, type, scope, access_level }: Application) => ({ application_id: id, client_id, name, type, scope, access_level });

/** What events a new application causes. */
export function registered(application: Application, origin: Origin): StrowgerEvent[] {
  return [event(application, 'application.registered', origin, { ...base(application, origin), ...shape(application) })];
}

/**
 * Decides what a change of an application raises and tells, from how it stood and how it is to stand. `act` is what
 * shows in no field. Scope, level or password grant taken away, a secret that ends at once, and all that signs out raise
 * `rights_version`; new credentials, sign-out, disabling and deleting raise `sign_out_version` too.
 */
export function settleApplication(before: Application, wanted: Application, origin: Origin, act?: 'sign_out'): Settled<Application> {
  const types = new Map<EventType, readonly Change[]>();
  const { lowered, raised } = compare(before, wanted, comparison);
  const secrets = secretsChanged(before, wanted, origin.time);
  const request = before.access_level_request?.at.getTime() !== wanted.access_level_request?.at.getTime();

  if (wanted.status !== before.status) types.set(statusEvents[wanted.status], []);
  if (act === 'sign_out') types.set('application.signed_out', []);
  if (lowered.length > 0) types.set('application.narrowed', lowered);
  if (request && wanted.access_level_request) types.set('access_level.requested', [{ field: 'access_level_request', from: null, to: wanted.access_level_request.reason }]);
  else if (request) raised.push({ field: 'access_level_request', from: before.access_level_request?.reason, to: null });
  if (raised.length > 0) types.set('application.updated', raised);
  if (wanted.client_id !== before.client_id) types.set('credentials.regenerated', []);
  else {
    if (secrets.added !== undefined) types.set('secret.rotated', []);
    if (secrets.ended.length > 0) types.set('secret.burned', []);
  }
  if (types.size === 0) return { after: before, events: [] };

  const signsOut = [...types.keys()].some(type => signingOut.has(type));
  const after: Application = { ...wanted, ...versionsAfter(before, { lowers: [...types.keys()].some(lowersARight), signsOut }) };
  return { after, events: [...types].map(([type, changes]) => tell(type, { before, after, changes, secrets, origin })) };
}

const statusEvents = { active: 'application.enabled', disabled: 'application.disabled', deleted: 'application.deleted' } as const;
const signingOut: ReadonlySet<EventType> = new Set<EventType>(['application.disabled', 'application.deleted', 'application.signed_out', 'credentials.regenerated']);

interface SecretsChanged { readonly added?: string; readonly ended: readonly string[] }

/** The secret that is new, and those that worked until now and do no longer. */
function secretsChanged(before: Application, after: Application, now: Date): SecretsChanged {
  const works = (secret: Application['secrets'][number]): boolean => !secret.expires_at || secret.expires_at > now;
  const known = new Set(before.secrets.map(secret => secret.id));
  const working = new Set(after.secrets.filter(works).map(secret => secret.id));
  const added = after.secrets.find(secret => !known.has(secret.id));
  return { ...(added && { added: added.id }), ended: before.secrets.filter(secret => works(secret) && !working.has(secret.id)).map(secret => secret.id) };
}

interface Told { readonly before: Application; readonly after: Application; readonly changes: readonly Change[]; readonly secrets: SecretsChanged; readonly origin: Origin }

function tell(type: EventType, { before, after, changes, secrets, origin }: Told): StrowgerEvent {
  const common = base(after, origin);
  const listed = changes.length > 0 ? { changes: [...changes] } : {};
  const lower = { ...common, application_id: after.id, client_id: after.client_id, rights_version: after.rights_version };
  switch (type) {
    case 'application.disabled': case 'application.deleted': case 'application.signed_out': case 'application.narrowed':
      return event(after, type, origin, { ...lower, ...listed });
    case 'credentials.regenerated':
      return event(after, type, origin, { ...lower, client_id: before.client_id, new_client_id: after.client_id, ...(secrets.added !== undefined && { secret_id: secrets.added }) });
    case 'secret.burned':
      // Several ids where one write ends several: an event's id is one of document, version and type.
      return event(after, type, origin, { ...lower, secret_id: secrets.ended.join(' ') });
    case 'secret.rotated':
      return event(after, type, origin, { ...common, application_id: after.id, client_id: after.client_id, secret_id: secrets.added ?? '' });
    case 'application.enabled': case 'access_level.requested': case 'application.updated':
      return event(after, type, origin, { ...common, ...shape(after), ...listed });
    default:
      throw new TypeError(`${type} is no event of a change of an application`);
  }
}

const base = ({ tenant_id, version }: Application, origin: Origin) => ({ tenant_id, version, ...saidOf(origin) });

function event<T extends EventType>({ id, version }: Application, type: T, { source, time }: Origin, data: EventData<T>): StrowgerEvent<T> {
  return makeEvent(source, type, eventIdOf(APPLICATIONS, id, version, type), id, time, data);
}
