import fc from 'fast-check';
import { AuditEventDocument } from '../audit-events/audit-events.schema';
import { AuditFilter, AuditPosition } from '../audit-events/audit-query';

/** A trail of a test: its writers (two, as of two processes), what files, and what answers. Each record is one batch. */
export interface TestTrail {
  record(writer: 0 | 1, events: readonly AuditEventDocument[]): Promise<void>;
  /** Files what lies in the tray now; `half`: dies before anything is taken out of it. */
  file(writer: 0 | 1, half: boolean): Promise<void>;
  page(tenantId: string, filter: AuditFilter, limit: number, after?: AuditPosition): Promise<AuditEventDocument[]>;
}

const TENANTS = ['t1', 't', 't1-'], BASE = Date.UTC(2026, 10, 20);
const among = (...values: string[]) => fc.constantFrom(...values);
const values = {
  type: ['token.issued', 'token.rejected', 'grant.revoked'], client_id: ['c1', 'c2', 'C1'], person: ['p1', 'p2', 'alice', 'c1'], grant_type: ['password', 'refresh_token'],
  ip: ['10.0.0.1', '::ffff:10.0.0.1', '2001:db8::1', '2001:DB8:0::1', 'unknown'], scope: ['rest', 'rest:calllog:read', 'gql', 'rest gql', 'gql rest:calllog:read rest', '', ' gql'],
} as const;
/** Moments that are often the same, at borders, far apart, and long ago. */
const moment = fc.oneof(fc.integer({ min: 0, max: 40 }), fc.constantFrom(-1, 0, 1, 65_535, 65_536, 4_194_304, 86_400_000, -30 * 86_400_000)).map(ms => new Date(BASE + ms));
const listOf = (list: readonly string[]) => fc.oneof({ weight: 6, arbitrary: among(...list) }, fc.array(among(...list), { maxLength: 3 }), fc.constant(undefined), fc.constant(7));
let made = 0;
const eventOf = fc.record({
  tenant: among(...TENANTS, 't1', 't1', 't1'), time: moment, type: among(...values.type), subject: fc.option(among(...values.person), { nil: undefined }), own: fc.boolean(), bare: fc.integer({ min: 0, max: 9 }).map(n => n === 0),
  client_id: listOf(values.client_id), account_id: listOf(values.person), username: listOf(values.person), grant_type: listOf(values.grant_type), ip: listOf(values.ip), scope: listOf(values.scope),
  by: fc.option(fc.record({ account_id: listOf(values.person), act: fc.option(fc.constant({ sub: 'a' }), { nil: undefined }) }, { requiredKeys: [] }), { nil: undefined }),
}).map(({ tenant, time, type, subject, own, bare, ...data }): AuditEventDocument => {
  const _id = `e${String(made++).padStart(6, '0')}`, about = own ? _id : subject;
  return { _id, tenant_id: tenant, version: 1, source: '/token-service/i1', type, ...(about !== undefined && { subject: about }), time, ...(!bare && { data }), recorded_at: time };
});
const step = fc.oneof(
  { weight: 8, arbitrary: fc.record({ writer: fc.constantFrom(0 as const, 1 as const), events: fc.array(eventOf, { minLength: 1, maxLength: 12 }), again: fc.integer({ min: 0, max: 5 }) }) },
  { weight: 2, arbitrary: fc.record({ writer: fc.constantFrom(0 as const, 1 as const), half: fc.boolean() }) },
);
const optional = <T>(arbitrary: fc.Arbitrary<T>) => fc.oneof({ weight: 4, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary });
const filterOf = fc.record({
  types: optional(fc.array(among(...values.type, 'never.told'), { minLength: 1, maxLength: 3 })), client_id: optional(among(...values.client_id, 'nobody')), subject: optional(among(...values.person, 'nobody')),
  scope: optional(among('rest', 'rest:calllog:read', 'gql', 'rest:calllog', '.*')), grant_type: optional(among(...values.grant_type, 'implicit')), impersonated: optional(among(...values.person, 'nobody')),
  ip: optional(fc.constantFrom(['10.0.0.1', '::ffff:10.0.0.1'], ['2001:db8::1'], ['2001:DB8:0::1', '2001:db8::1'], ['192.0.2.1'])), from: optional(moment), to: optional(moment),
}, { requiredKeys: [] }).map(filter => Object.fromEntries(Object.entries(filter).filter(([, value]) => value !== undefined)) as AuditFilter);

const idsOf = (events: readonly AuditEventDocument[]): string[] => events.map(event => event._id);
/** Whether a condition on a field holds, as the database judges it. */
const holds = (value: unknown, test: (text: string) => boolean): boolean => [value].flat().some(one => typeof one === 'string' && test(one));
const inTheNameOf = (by: unknown, whose: string): boolean => typeof by === 'object' && by !== null && 'act' in by && by.act !== undefined && 'account_id' in by && holds(by.account_id, text => text === whose);
/** The answer to a filter by looking at every event. */
export function byLooking(events: readonly AuditEventDocument[], tenantId: string, { types, client_id, subject, scope, grant_type, ip, impersonated, from, to }: AuditFilter): AuditEventDocument[] {
  return events.filter(({ tenant_id, type, time, data = {}, ...event }) => tenant_id === tenantId && (impersonated === undefined || (type !== 'token.issued' && inTheNameOf(data['by'], impersonated))) && (!types || types.includes(type)) && (client_id === undefined || holds(data['client_id'], text => text === client_id))
    && (subject === undefined || event.subject === subject || holds(data['account_id'], text => text === subject) || holds(data['username'], text => text === subject))
    && (scope === undefined || holds(data['scope'], text => text.split(' ').includes(scope))) && (grant_type === undefined || holds(data['grant_type'], text => text === grant_type))
    && (!ip || holds(data['ip'], text => ip.includes(text))) && (!from || time >= from) && (!to || time < to))
    .sort((a, b) => b.time.getTime() - a.time.getTime() || (a._id < b._id ? 1 : -1));
}

/**
 * What every trail must answer, whatever was recorded in whatever order, told twice, filed or not: exactly what looking at every event finds, in
 * order, on every page. `runs`: of how many histories.
 */
export function trailSearchBehaviour(open: () => Promise<TestTrail>, runs: number): void {
  it('answers by postings what looking at every event answers', async () => {
    let found = 0;
    await fc.assert(fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 25 }), fc.array(fc.tuple(among('t1', 't1', ...TENANTS), filterOf, fc.integer({ min: 1, max: 20 }), fc.option(fc.nat())), { minLength: 1, maxLength: 8 }), async (steps, searches) => {
      const trail = await open(), told: AuditEventDocument[] = [];
      for (const one of steps) {
        if (!('events' in one)) { await trail.file(one.writer, one.half); continue; }
        const batch = [...one.events, ...told.slice(0, one.again)];
        await trail.record(one.writer, batch);
        told.push(...one.events);
      }
      // Everything of each tenant is always asked for too: random filters alone find nothing in many histories.
      const everything = TENANTS.map((tenantId): (typeof searches)[number] => [tenantId, {}, 7, null]);
      for (const [tenantId, { subject, ...rest }, limit, byItself] of [...searches, ...everything]) {
        const about = byItself === null ? subject : told[byItself % told.length]?._id, filter = { ...rest, ...(about !== undefined && { subject: about }) };
        const expected = idsOf(byLooking(told, tenantId, filter)), pages: string[] = [];
        for (let after: AuditPosition | undefined, page: AuditEventDocument[] = []; !after || page.length === limit;) {
          page = await trail.page(tenantId, filter, limit, after);
          pages.push(...idsOf(page));
          const last = page.at(-1);
          if (!last || pages.length > told.length) break;
          after = { time: last.time, id: last._id };
        }
        expect({ filter, pages }).toEqual({ filter, pages: expected });
        found += expected.length;
      }
    }), { numRuns: runs });
    expect(found).toBeGreaterThan(0);
  });

  it('answers, of more events than one read brings, those of a rare and a frequent condition together, and of two that never meet', async () => {
    const trail = await open();
    const many = Array.from({ length: 6000 }, (_, n): AuditEventDocument => ({
      _id: `m${String(n).padStart(5, '0')}`, tenant_id: 't1', version: 1, source: '/token-service/i1', type: n % 2 ? 'token.issued' : 'token.rejected', time: new Date(BASE + n * 1000), recorded_at: new Date(),
      data: { client_id: `c${String(n % 7)}`, grant_type: n % 2 ? 'password' : 'refresh_token', ...(n % 1500 === 3 && { username: 'rare' }) },
    }));
    for (let start = 0; start < many.length; start += 60) {
      await trail.record(start % 120 ? 0 : 1, many.slice(start, start + 60));
      if (start % 240 === 0) await trail.file(0, false);
    }
    for (const filter of [{ subject: 'rare', types: ['token.issued'] }, { grant_type: 'password', client_id: 'c3' }, { grant_type: 'password', types: ['token.rejected'] }, { client_id: 'c9' }, { types: ['token.issued'], from: new Date(BASE + 17_500), to: new Date(BASE + 5_990_500) }]) {
      expect(idsOf(await trail.page('t1', filter, 100))).toEqual(idsOf(byLooking(many, 't1', filter).slice(0, 100)));
    }
  });
}
