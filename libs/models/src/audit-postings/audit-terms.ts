import { isIP, SocketAddress } from 'node:net';
import { AuditEventDocument } from '../audit-events/audit-events.schema';
import { AuditFilter, UNTOLD_IN_NAME } from '../audit-events/audit-query';

/** What an event is found by. `subject`: what it is about, the account or the username that it concerns. `impersonated`: in whose name somebody else did it. */
type TermKind = 'type' | 'client_id' | 'subject' | 'scope' | 'grant_type' | 'ip' | 'impersonated';
/** A condition of a filter: an event that it holds for has one of these terms. Others may have one, too: terms of different values can be equal. */
export type Condition = ReadonlySet<number>;

const FNV_OFFSET = 0x811c9dc5, FNV_PRIME = 0x01000193;

function fnv(hash: number, text: string): number {
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), FNV_PRIME);
  return hash;
}
const of = (kind: TermKind): number => fnv(FNV_OFFSET, `${kind} `);
const begun: Readonly<Record<TermKind, number>> = { type: of('type'), client_id: of('client_id'), subject: of('subject'), scope: of('scope'), grant_type: of('grant_type'), ip: of('ip'), impersonated: of('impersonated') };

/** The 32 bits that a value stands for: FNV-1a, then MurmurHash3's last step, for its first byte must be as good as its last. Stored: never change it. */
export function termOf(kind: TermKind, value: string): number {
  let hash = fnv(begun[kind], value);
  hash = Math.imul(hash ^ hash >>> 16, 0x85ebca6b);
  hash = Math.imul(hash ^ hash >>> 13, 0xc2b2ae35);
  return (hash ^ hash >>> 16) >>> 0;
}

/** Every term of an event, each once. An event that is its own subject (`token.issued`) is found by its id instead. */
export function termsOf({ _id, type, subject, data }: Pick<AuditEventDocument, '_id' | 'type' | 'subject' | 'data'>): number[] {
  const terms = [termOf('type', type)];
  if (subject !== undefined && subject !== _id) add(terms, 'subject', subject);
  if (data) for (const [field, kind] of fields) addAll(terms, kind, data[field]);
  const by: unknown = data?.['by'];
  if (type !== UNTOLD_IN_NAME && typeof by === 'object' && by !== null && 'act' in by && 'account_id' in by) addAll(terms, 'impersonated', by.account_id);
  return terms;
}

const fields: readonly (readonly [string, TermKind])[] = [['client_id', 'client_id'], ['account_id', 'subject'], ['username', 'subject'], ['grant_type', 'grant_type'], ['ip', 'ip'], ['scope', 'scope']];

/** A condition on a field also holds for a list that has such an element. */
function addAll(terms: number[], kind: TermKind, value: unknown): void {
  for (const one of Array.isArray(value) ? value : [value]) add(terms, kind, one);
}

function add(terms: number[], kind: TermKind, value: unknown): void {
  if (typeof value !== 'string') return;
  // To a pattern, a last line feed is the end.
  const words = kind === 'scope' ? value.replace(/\n$/, '').split(' ') : [kind === 'ip' ? canonicalAddress(value) : value];
  for (const word of words) {
    const term = termOf(kind, word);
    if (!terms.includes(term)) terms.push(term);
  }
}

/** What a filter demands of an event's terms, all of it; nothing where it speaks of time alone. */
export function conditionsOf({ types, client_id, subject, scope, grant_type, ip, impersonated }: AuditFilter): Condition[] {
  const one = (kind: TermKind, value: string | undefined): Condition[] => value === undefined ? [] : [new Set([termOf(kind, value)])];
  return [
    ...one('subject', subject), ...one('impersonated', impersonated), ...one('client_id', client_id), ...(ip ? [new Set(ip.map(address => termOf('ip', canonicalAddress(address))))] : []),
    ...one('scope', scope), ...(types ? [new Set(types.map(type => termOf('type', type)))] : []), ...one('grant_type', grant_type),
  ];
}

/** One way to write an address: IPv6 in its shortest form, IPv4 mapped into IPv6 as IPv4. What is no address stays as it is. */
function canonicalAddress(ip: string): string {
  if (!ip.includes(':') || isIP(ip) !== 6) return ip;
  const { address } = new SocketAddress({ address: ip, family: 'ipv6' });
  const mapped = address.startsWith('::ffff:') ? address.slice('::ffff:'.length) : '';
  return isIP(mapped) === 4 ? mapped : address;
}
