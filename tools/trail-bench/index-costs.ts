import { AuditEventDocument } from '@strowger/models/audit-events/audit-events.schema';
import { AUDIT_POSTINGS } from '@strowger/models/audit-postings/audit-postings.schema';
import { AuditPostingsStore } from '@strowger/models/audit-postings/audit-postings.store';
import { AuditPostingsWriter } from '@strowger/models/audit-postings/audit-postings.writer';
import { Database, ensureCollections, IndexSpec } from '@strowger/models/database';
import { eventOf } from './events';

const EVERY_MS = 2;
type Row = Readonly<Record<string, unknown>>;
/** One way to index a collection; `row` makes its n-th document, `before` writes what stands beside so many of them. */
interface Variant { readonly name: string; readonly row: (n: number) => Row; readonly indexes: readonly IndexSpec[]; readonly atOnce?: number; readonly before?: (database: Database, from: number, count: number) => Promise<void> }

const by = (...fields: string[]): IndexSpec[] => fields.map(field => ({ key: { tenant_id: 1, [field]: 1, time: -1, _id: -1 } }));
const BY_TIME: IndexSpec = { key: { tenant_id: 1, time: -1, _id: -1 } };

function eventRow(n: number): AuditEventDocument {
  const { event } = eventOf(n, EVERY_MS);
  const { id, source, type, subject, time, data } = event as { id: string; source: string; type: string; subject: string; time: string; data: Record<string, unknown> };
  return { _id: id, tenant_id: String(data['tenant_id']), version: 1, source, type, subject, time: new Date(time), data, recorded_at: new Date(time) };
}
/** A stored token; 50 of one second, as under load. */
function tokenRow(n: number): Row {
  const { _id, data } = eventRow(n), iat = 1_790_000_000 + Math.floor(n / 50);
  return { ...data, _id: Buffer.from(_id, 'base64url'), hash: Buffer.alloc(32, n), sub: data?.['account_id'] ?? 'x', exp: iat + 3600, iat, issued_at: new Date(iat * 1000 + n % 50 * 20) };
}
const LISTS: IndexSpec[] = [{ key: { grant_id: 1 }, options: { sparse: true } }, { key: { sub: 1, exp: 1, _id: 1 } }];
const event = (n: number): Row => ({ ...eventRow(n) });

/** Postings as audit-service writes them, filing included; those of each variant in a tenant of its own. */
function postings(tenant_id: string): NonNullable<Variant['before']> {
  let writer: AuditPostingsWriter | undefined;
  return async (database, from, count) => {
    writer ??= new AuditPostingsWriter(new AuditPostingsStore(database), () => 0.5);
    await writer.add(Array.from({ length: count }, (_, n) => ({ ...eventRow(from + n), tenant_id })));
    await writer.file();
  };
}

const groups: readonly (readonly Variant[])[] = [[
  { name: 'an event: no index', row: event, indexes: [] },
  { name: 'an event: tenant and time', row: event, indexes: [BY_TIME] },
  { name: 'an event: and postings (chosen)', row: event, indexes: [BY_TIME], before: postings('by500') },
  { name: 'an event: and client_id', row: event, indexes: [BY_TIME, ...by('data.client_id')] },
  { name: 'an event: one index for each filter but scope', row: event, indexes: [BY_TIME, ...by('type', 'data.client_id', 'subject', 'data.account_id', 'data.username', 'data.grant_type', 'data.ip')] },
], [
  { name: '50 events at once: tenant and time', row: event, indexes: [BY_TIME], atOnce: 50 },
  { name: '50 events at once: and postings (chosen)', row: event, indexes: [BY_TIME], before: postings('by50'), atOnce: 50 },
], [
  { name: 'a token: the lists\' indexes', row: tokenRow, indexes: LISTS },
  { name: 'a token: and iat, in seconds (chosen)', row: tokenRow, indexes: [...LISTS, { key: { iat: 1 } }] },
  { name: 'a token: and issued_at, in milliseconds', row: tokenRow, indexes: [...LISTS, { key: { issued_at: 1 } }] },
]];

/**
 * CPU time of the database for each inserted document, in microseconds, by way to index. Slices of 500 documents, one after the other
 * for every variant of a group, in rotating order; a variant without another number inserts the slice at once.
 */
export async function indexCosts(database: Database, rows: number, cpu: () => number): Promise<readonly (readonly { readonly name: string; readonly us: number }[])[]> {
  const SLICE = 500, results: { name: string; us: number }[][] = [];
  await ensureCollections(database, [[AUDIT_POSTINGS, []]]);
  for (const [g, group] of groups.entries()) {
    const spent = group.map(() => 0);
    await ensureCollections(database, group.map(({ indexes }, v) => [`cost_${String(g)}_${String(v)}`, indexes] as const));
    for (let start = 0, turn = 0; start < rows; start += SLICE, turn++) {
      for (let i = 0; i < group.length; i++) {
        const v = (i + turn) % group.length, variant = group[v];
        if (!variant) continue;
        const { atOnce = SLICE, before } = variant, documents = Array.from({ length: SLICE }, (_, n) => variant.row(start + n)), at = cpu();
        for (let part = 0; part < SLICE; part += atOnce) {
          await before?.(database, start + part, atOnce);
          await database.collection<Record<string, unknown>>(`cost_${String(g)}_${String(v)}`).insertMany(documents.slice(part, part + atOnce), { ordered: false });
        }
        spent[v] = (spent[v] ?? 0) + cpu() - at;
      }
    }
    results.push(group.map(({ name }, v) => ({ name, us: (spent[v] ?? 0) / rows })));
  }
  return results;
}
