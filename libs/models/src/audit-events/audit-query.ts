import { canonicalAddress, termOf } from './audit-terms';

/** Where a page of the trail ends: the next one begins with the event before this one, in the order newest first by time, then id. */
export interface AuditPosition { readonly time: Date; readonly id: string }

/** Which events of a tenant are asked for; every given condition must hold. */
export interface AuditFilter {
  readonly types?: readonly string[];
  readonly client_id?: string;
  /** The event's subject, or the account or username that it concerns. */
  readonly subject?: string;
  /** One scope that stands in the event's scope, as a whole. */
  readonly scope?: string;
  readonly grant_type?: string;
  /** Ways to write one address. */
  readonly ip?: readonly string[];
  /** Inclusive. */
  readonly from?: Date;
  /** Exclusive. */
  readonly to?: Date;
}

const literally = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');

/**
 * The queries whose answers together are the filter's, no event in two of them: each goes along one term of the index, in its order, and
 * every condition is asked of the fields as well. Every value in them is a string, a number, a Date, or a pattern made here.
 */
export function auditQueries(tenantId: string, filter: AuditFilter, after?: AuditPosition): Record<string, unknown>[] {
  const conditions = conditionsOf(tenantId, filter, after);
  return placesOf(tenantId, filter).map(place => ({ ...place, ...conditions }));
}

/** Along the term, of those the filter names, that the fewest events are likely to have. */
function placesOf(tenantId: string, { types, client_id, subject, scope, grant_type, ip }: AuditFilter): Record<string, unknown>[] {
  if (subject !== undefined) {
    const terms = termOf(tenantId, 'subject', subject);
    return [{ terms }, { _id: subject, terms: { $ne: terms } }];      // what is its own subject has no term for that
  }
  if (ip?.[0] !== undefined) return [{ terms: termOf(tenantId, 'ip', canonicalAddress(ip[0])) }];
  if (client_id !== undefined) return [{ terms: termOf(tenantId, 'client_id', client_id) }];
  if (scope !== undefined) return [{ terms: termOf(tenantId, 'scope', scope) }];
  if (types) return [...new Set(types)].map(type => ({ terms: termOf(tenantId, 'type', type) }));
  if (grant_type !== undefined) return [{ terms: termOf(tenantId, 'grant_type', grant_type) }];
  return [{ terms: termOf(tenantId, 'tenant', '') }];
}

function conditionsOf(tenantId: string, { types, client_id, subject, scope, grant_type, ip, from, to }: AuditFilter, after?: AuditPosition): Record<string, unknown> {
  const alternatives = [
    ...(subject === undefined ? [] : [[{ subject }, { 'data.account_id': subject }, { 'data.username': subject }]]),
    ...(after ? [[{ time: { $lt: after.time } }, { _id: { $lt: after.id } }]] : []),
  ];
  return {
    tenant_id: tenantId,
    ...(types && { type: { $in: [...types] } }),
    ...(client_id !== undefined && { 'data.client_id': client_id }),
    ...(scope !== undefined && { 'data.scope': new RegExp(`(^| )${literally(scope)}( |$)`) }),
    ...(grant_type !== undefined && { 'data.grant_type': grant_type }),
    ...(ip && { 'data.ip': { $in: [...ip] } }),
    ...((from ?? to ?? after) && { time: { ...(from && { $gte: from }), ...(to && { $lt: to }), ...(after && { $lte: after.time }) } }),
    ...(alternatives.length > 0 && { $and: alternatives.map($or => ({ $or })) }),
  };
}
