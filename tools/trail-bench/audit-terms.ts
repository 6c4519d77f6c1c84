import { createHash } from 'node:crypto';
import { isIP, SocketAddress } from 'node:net';
import { AuditEventDocument } from '@strowger/models/audit-events/audit-events.schema';

/** What an event is found by, besides its tenant and time. `subject`: what it is about, the account or the username that it concerns. */
export type TermKind = 'tenant' | 'type' | 'client_id' | 'subject' | 'scope' | 'grant_type' | 'ip';

/** Six bytes: exact in a double, and short in an index. Two values that share one are told apart by the fields themselves. */
const TERM_BYTES = 6;
const REMEMBERED = 20_000;
const remembered = new Map<string, number>();

/** The number under which a tenant's events with this value stand in the index. */
export function termOf(tenantId: string, kind: TermKind, value: string): number {
  const key = `${tenantId}\n${kind}\n${value}`;
  const known = remembered.get(key);
  if (known !== undefined) return known;
  const term = createHash('sha256').update(key).digest().readUIntBE(0, TERM_BYTES);
  if (remembered.size >= REMEMBERED) remembered.clear();
  remembered.set(key, term);
  return term;
}

/** Every term of an event, each once. An event that is its own subject (`token.issued`) is found by its id instead. */
export function termsOf({ _id, tenant_id, type, subject, data }: Pick<AuditEventDocument, '_id' | 'tenant_id' | 'type' | 'subject' | 'data'>): number[] {
  const terms = new Set([termOf(tenant_id, 'tenant', ''), termOf(tenant_id, 'type', type)]);
  const add = (kind: TermKind, value: unknown): void => { if (typeof value === 'string' && value !== '') terms.add(termOf(tenant_id, kind, value)); };
  if (subject !== _id) add('subject', subject);
  if (data) {
    add('client_id', data['client_id']);
    add('subject', data['account_id']);
    add('subject', data['username']);
    add('grant_type', data['grant_type']);
    if (typeof data['scope'] === 'string') for (const one of data['scope'].split(' ')) add('scope', one);
    if (typeof data['ip'] === 'string') add('ip', canonicalAddress(data['ip']));
  }
  return [...terms];
}

/** One way to write an address: IPv6 in its shortest form, IPv4 mapped into IPv6 as IPv4. What is no address stays as it is. */
export function canonicalAddress(ip: string): string {
  if (isIP(ip) !== 6) return ip;
  const { address } = new SocketAddress({ address: ip, family: 'ipv6' });
  const mapped = address.startsWith('::ffff:') ? address.slice('::ffff:'.length) : '';
  return isIP(mapped) === 4 ? mapped : address;
}
