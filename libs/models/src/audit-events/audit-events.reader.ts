import { Database } from '../database';
import { AUDIT_EVENTS, AuditEventDocument } from './audit-events.schema';
import { AuditFilter, AuditPosition, auditQuery } from './audit-query';

const LONGEST_QUERY_MS = 4000;

/** Reads the trail, one tenant's events at a time. */
export class AuditEventsReader {
  constructor(private readonly database: Database) {}

  /** The tenant's events that the filter holds for, newest first by time and then by id, at most `limit`, after the position. */
  async page(tenantId: string, filter: AuditFilter, limit: number, after?: AuditPosition): Promise<AuditEventDocument[]> {
    return this.events().find(auditQuery(tenantId, filter, after)).sort({ time: -1, _id: -1 }).limit(limit).maxTimeMS(LONGEST_QUERY_MS).toArray();
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

  private events() { return this.database.collection<AuditEventDocument>(AUDIT_EVENTS); }
}
