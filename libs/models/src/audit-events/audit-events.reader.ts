import { AuditPostingsReader } from '../audit-postings/audit-postings.reader';
import { AuditPostingsStore } from '../audit-postings/audit-postings.store';
import { Database } from '../database';
import { AUDIT_EVENTS, AuditEventDocument } from './audit-events.schema';
import { AuditFilter, AuditPosition, auditQuery } from './audit-query';
import { AuditSearch, searchTrail, TrailEvents } from './search-trail';

const MANY_EVENTS = 1000;

/** Reads the trail, one tenant's events at a time. */
export class AuditEventsReader implements TrailEvents {
  private readonly postings: AuditPostingsReader;

  constructor(private readonly database: Database) { this.postings = new AuditPostingsReader(new AuditPostingsStore(database)); }

  /**
   * The tenant's events that the filter holds for, newest first by time and then by id, at most `limit`, after the position.
   * @throws a database error - also where it would take longer than 4 s
   */
  async page(tenantId: string, filter: AuditFilter, limit: number, after?: AuditPosition): Promise<AuditEventDocument[]> {
    return searchTrail(this, this.postings, { tenantId, filter, limit, after });
  }

  async scan({ tenantId, filter, limit, after }: AuditSearch, ms: number): Promise<AuditEventDocument[]> {
    return this.newestFirst(auditQuery(tenantId, filter, after), limit, ms);
  }

  async at(moments: readonly number[], { tenantId, filter, limit, after }: AuditSearch, ms: number): Promise<AuditEventDocument[]> {
    const query = { ...auditQuery(tenantId, filter, after), time: { $in: moments.map(moment => new Date(moment)) } };
    // To put them in order costs the database more than to find them; only of many events of one moment it must.
    const found = await this.events().find(query).limit(MANY_EVENTS).batchSize(MANY_EVENTS).maxTimeMS(ms).toArray();
    if (found.length === MANY_EVENTS) return this.newestFirst(query, limit, ms);
    return found.sort((a, b) => b.time.getTime() - a.time.getTime() || (a._id < b._id ? 1 : -1)).slice(0, limit);
  }

  /** The event of this id, if it is the tenant's. */
  async byId(tenantId: string, id: string): Promise<AuditEventDocument | undefined> {
    return await this.events().findOne({ _id: id, tenant_id: tenantId }) ?? undefined;
  }

  /** Of these ids, of any tenant, those that stand in the trail, with the source that told each first. */
  async sourcesOf(ids: readonly string[]): Promise<ReadonlyMap<string, string>> {
    if (ids.length === 0) return new Map();
    const found = await this.events().find({ _id: { $in: [...ids] } }, { projection: { source: 1 } }).toArray();
    return new Map(found.map(({ _id, source }) => [_id, source]));
  }

  private newestFirst(query: object, limit: number, ms: number): Promise<AuditEventDocument[]> {
    return this.events().find(query).sort({ time: -1, _id: -1 }).limit(limit).maxTimeMS(ms).toArray();
  }

  private events() { return this.database.collection<AuditEventDocument>(AUDIT_EVENTS); }
}
