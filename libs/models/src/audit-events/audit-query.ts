/** Where a page of the trail ends: the next one begins with the event before this one, in the order newest first by time, then id. */
export interface AuditPosition { readonly time: Date; readonly id: string }

/** Not among what was done in somebody's name: the same token's `impersonation.started` says it. */
export const UNTOLD_IN_NAME = 'token.issued';

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
  /** The account in whose name somebody else did it. */
  readonly impersonated?: string;
  /** Inclusive. */
  readonly from?: Date;
  /** Exclusive. */
  readonly to?: Date;
}

/** The moments that a filter and a position leave, in milliseconds since the epoch, both inclusive. */
export function auditSpan({ from, to }: AuditFilter, after?: AuditPosition): { readonly from: number; readonly to: number } {
  return { from: from?.getTime() ?? -Infinity, to: Math.min(to ? to.getTime() - 1 : Infinity, after?.time.getTime() ?? Infinity) };
}

const literally = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');

/** The query of a filter. Every value in it is a string, a Date, or a pattern made here. */
export function auditQuery(tenantId: string, { types, client_id, subject, scope, grant_type, ip, impersonated, from, to }: AuditFilter, after?: AuditPosition): Record<string, unknown> {
  const all = [
    ...(subject === undefined ? [] : [{ $or: [{ subject }, { 'data.account_id': subject }, { 'data.username': subject }] }]),
    ...(after ? [{ $or: [{ time: { $lt: after.time } }, { _id: { $lt: after.id } }] }] : []),
    ...(impersonated === undefined ? [] : [{ 'data.by.account_id': impersonated, 'data.by.act': { $exists: true } }, { type: { $ne: UNTOLD_IN_NAME } }]),
  ];
  return {
    tenant_id: tenantId,
    ...(types && { type: { $in: [...types] } }),
    ...(client_id !== undefined && { 'data.client_id': client_id }),
    ...(scope !== undefined && { 'data.scope': new RegExp(`(^| )${literally(scope)}( |$)`) }),
    ...(grant_type !== undefined && { 'data.grant_type': grant_type }),
    ...(ip && { 'data.ip': { $in: [...ip] } }),
    ...((from ?? to ?? after) && { time: { ...(from && { $gte: from }), ...(to && { $lt: to }), ...(after && { $lte: after.time }) } }),
    ...(all.length > 0 && { $and: all }),
  };
}
