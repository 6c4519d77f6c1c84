import { isIP, SocketAddress } from 'node:net';
import { z } from 'zod';
import { auditPositionOf } from '@strowger/models/audit-events/audit-cursor';
import { AuditFilter, AuditPosition } from '@strowger/models/audit-events/audit-query';
import { OAuthError } from '@strowger/oauth-core/oauth-error';
import { printable } from '@strowger/oauth-core/printable';

/** What is asked of the trail: a filter, how many events at most, and the event after which they begin. */
export interface AuditQuery { readonly filter: AuditFilter; readonly limit: number; readonly after?: AuditPosition }

const DEFAULT_LIMIT = 50, MAX_LIMIT = 200, MAX_TYPES = 20;
const DATE = /^\d{4}-\d{2}-\d{2}$/;
/** Words that no value of ours is and that could reach a prototype in a careless reader. */
const REFUSED = new Set(['__proto__', 'constructor', 'prototype']);

const text = (pattern: RegExp, what: string) => z.string().regex(pattern, `must be ${what}`).refine(value => !REFUSED.has(value), `must be ${what}`);
const moment = z.string().transform((value, context) => {
  const date = z.iso.datetime({ offset: true }).safeParse(value).success || z.iso.date().safeParse(value).success ? new Date(DATE.test(value) ? `${value}T00:00:00Z` : value) : undefined;
  if (date && !Number.isNaN(date.getTime())) return date;
  context.addIssue({ code: 'custom', message: 'must be a moment such as 2026-11-21T12:00:00Z or a day such as 2026-11-21 (UTC)' });
  return z.NEVER;
});

/** The filters, as parameters of a query string. */
export const filterParameters = {
  type: z.string().transform(value => value.split(',')).pipe(z.array(text(/^[a-z_]{1,40}(\.[a-z_]{1,40}){1,3}$/, 'an event type such as token.issued, or several separated by commas')).max(MAX_TYPES, `must be at most ${String(MAX_TYPES)} types`)).optional(),
  client_id: text(/^[A-Za-z0-9_-]{1,64}$/, 'a client_id').optional(),
  subject: text(/^[^\p{C}$][^\p{C}]{0,255}$/u, 'the id of what the event is about, an account id or a username').optional(),
  scope: text(/^[\x21\x23-\x5b\x5d-\x7e]{1,256}$/, 'one scope such as rest:calllog:read').refine(value => !value.startsWith('$'), 'must be one scope such as rest:calllog:read').optional(),
  grant_type: text(/^[a-z][a-z0-9:_.-]{0,127}$/, 'a grant type such as client_credentials').optional(),
  ip: z.string().refine(value => isIP(value) !== 0, 'must be an IP address').optional(),
  from: moment.optional(),
  to: moment.optional(),
};

/** What the filters' parameters are parsed into. */
export type FilterParameters = z.infer<z.ZodObject<typeof filterParameters>>;
/** Whether the time that is asked for has any length; said of `to`. */
export const inOrder = ({ from, to }: { readonly from?: Date | undefined; readonly to?: Date | undefined }): boolean => !from || !to || from < to;
export const LATER = { path: ['to'], message: 'must be later than from' };

const AuditParameters = z.strictObject({
  ...filterParameters,
  cursor: z.string().transform((value, context) => {
    const after = auditPositionOf(value);
    if (after) return after;
    context.addIssue({ code: 'custom', message: 'is not one that was answered' });
    return z.NEVER;
  }).optional(),
  limit: z.string().regex(/^[1-9]\d{0,2}$/, `must be a whole number from 1 to ${String(MAX_LIMIT)}`).transform(Number)
    .refine(value => value <= MAX_LIMIT, `must be a whole number from 1 to ${String(MAX_LIMIT)}`).default(DEFAULT_LIMIT),
}).refine(inOrder, LATER);

/**
 * Parses the query string of `GET /api/audit/events`. Every parameter at most once; `type` may name several, separated by
 * commas; `from` is inclusive and `to` exclusive, RFC 3339 or a day in UTC; a scope must match as a whole.
 * @throws OAuthError invalid_request - naming the parameter that is unknown, given twice, or not of its form
 */
export function parseAuditQuery(parameters: unknown): AuditQuery {
  const { cursor, limit, ...filter } = parsedOr400(AuditParameters, parameters);
  return { limit, ...(cursor && { after: cursor }), filter: filterOf(filter) };
}

/** The filter that the parameters ask for. */
export function filterOf({ type, client_id, subject, scope, grant_type, ip, from, to }: FilterParameters): AuditFilter {
  return {
    ...(type && { types: type }), ...(client_id !== undefined && { client_id }), ...(subject !== undefined && { subject }),
    ...(scope !== undefined && { scope }), ...(grant_type !== undefined && { grant_type }), ...(ip !== undefined && { ip: waysToWrite(ip) }),
    ...(from && { from }), ...(to && { to }),
  };
}

/**
 * Parses a query string by a schema of its parameters.
 * @throws OAuthError invalid_request - naming the parameter that is unknown, given twice, or not of its form
 */
export function parsedOr400<T>(schema: z.ZodType<T>, parameters: unknown): T {
  const parsed = schema.safeParse(parameters);
  if (!parsed.success) throw refusalOf(parsed.error);
  return parsed.data;
}

const EventIdAlone = z.strictObject({ id: text(/^[\x21-\x7e]{1,128}$/, "an event's id") });

/**
 * The id of the one event that is asked for; it has no parameters beside.
 * @throws OAuthError invalid_request - as `parseAuditQuery`
 */
export function parseEventId(id: string, parameters: unknown): string {
  return parsedOr400(EventIdAlone, { ...z.record(z.string(), z.unknown()).parse(parameters), id }).id;
}

/** An address as it was asked for and as an issuer may have seen it: IPv6 in canonical form, IPv4 also mapped into IPv6. */
function waysToWrite(ip: string): string[] {
  if (isIP(ip) === 4) return [ip, `::ffff:${ip}`];
  return [...new Set([ip, new SocketAddress({ address: ip, family: 'ipv6' }).address])];
}

function refusalOf(error: z.ZodError): OAuthError {
  const [issue] = error.issues;
  if (issue?.code === 'unrecognized_keys') return new OAuthError('invalid_request', `there is no parameter ${printable(issue.keys[0] ?? '')}`);
  const name = String(issue?.path[0] ?? 'query');
  if (issue?.code === 'invalid_type') return new OAuthError('invalid_request', `${name} must be given once`);
  return new OAuthError('invalid_request', `${name} ${issue?.message ?? 'is not valid'}`);
}
