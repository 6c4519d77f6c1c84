import { EventData, EventType, lowersARight, StrowgerEvent } from '@strowger/contracts/event-catalogue';
import { Account } from '@strowger/models/accounts/accounts.reader';
import { ACCOUNTS } from '@strowger/models/accounts/accounts.schema';
import { eventIdOf, makeEvent } from '@strowger/models/outbox/make-event';
import { accessTypes, roles } from '@strowger/oauth-core/facts';
import { along, Change, compare, Comparison, Direction, neutral, Origin, saidOf, Settled, versionsAfter } from '../change-log';

/** No list is every switchboard; an empty one is none. */
function switchboards(from: readonly string[] | undefined, to: readonly string[] | undefined): Direction {
  return {
    lowers: to !== undefined && (from === undefined || from.some(one => !to.includes(one))),
    raises: from !== undefined && (to === undefined || to.some(one => !from.includes(one))),
  };
}

const comparison: Comparison<Account> = {
  role: along(roles),
  access: along([...accessTypes].reverse()),
  impersonation: along([false, true]),
  switchboards,
  extension_id: () => neutral,
};

const shape = ({ id, username, kind, role }: Account) => ({ account_id: id, username, kind, role });

/** What events a new account causes. */
export function created(account: Account, origin: Origin): StrowgerEvent[] {
  return [event(account, 'account.created', origin, { ...base(account, origin), ...shape(account) })];
}

/**
 * Decides what a change of an account raises and tells, from how it stood and how it is to stand. `act` is what shows in
 * no field. Role, full access, impersonation or a switchboard taken away, and all that signs out raise `rights_version`;
 * a new password, sign-out, blocking and deleting raise `sign_out_version` too.
 */
export function settleAccount(before: Account, wanted: Account, origin: Origin, act?: 'sign_out'): Settled<Account> {
  const types = new Map<EventType, readonly Change[]>();
  const { lowered, raised } = compare(before, wanted, comparison);
  if (wanted.status !== before.status) types.set(statusEvents[wanted.status], []);
  if (wanted.password_hash !== before.password_hash) types.set('account.password_changed', []);
  if (act === 'sign_out') types.set('account.signed_out', []);
  if (lowered.length > 0) types.set('account.narrowed', lowered);
  if (raised.length > 0) types.set('account.updated', raised);
  if (types.size === 0) return { after: before, events: [] };

  const signsOut = [...types.keys()].some(type => signingOut.has(type));
  const after: Account = { ...wanted, ...versionsAfter(before, { lowers: [...types.keys()].some(lowersARight), signsOut }) };
  return { after, events: [...types].map(([type, changes]) => tell(type, after, changes, origin)) };
}

const statusEvents = { active: 'account.unblocked', blocked: 'account.blocked', deleted: 'account.deleted' } as const;
const signingOut: ReadonlySet<EventType> = new Set<EventType>(['account.blocked', 'account.deleted', 'account.signed_out', 'account.password_changed']);

function tell(type: EventType, after: Account, changes: readonly Change[], origin: Origin): StrowgerEvent {
  const listed = changes.length > 0 ? { changes: [...changes] } : {};
  switch (type) {
    case 'account.blocked': case 'account.deleted': case 'account.signed_out': case 'account.narrowed': case 'account.password_changed':
      return event(after, type, origin, { ...base(after, origin), account_id: after.id, rights_version: after.rights_version, ...listed });
    case 'account.updated': case 'account.unblocked':
      return event(after, type, origin, { ...base(after, origin), ...shape(after), ...listed });
    default:
      throw new TypeError(`${type} is no event of a change of an account`);
  }
}

const base = ({ tenant_id, version }: Account, origin: Origin) => ({ tenant_id, version, ...saidOf(origin) });

function event<T extends EventType>({ id, version }: Account, type: T, { source, time }: Origin, data: EventData<T>): StrowgerEvent<T> {
  return makeEvent(source, type, eventIdOf(ACCOUNTS, id, version, type), id, time, data);
}
