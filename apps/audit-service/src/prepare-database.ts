import { AUDIT_DEAD_LETTERS, auditDeadLetterIndexes } from '@strowger/models/audit-dead-letters/audit-dead-letters.schema';
import { AUDIT_EVENTS, auditEventIndexes } from '@strowger/models/audit-events/audit-events.schema';
import { AUDIT_POSTINGS, auditPostingsIndexes } from '@strowger/models/audit-postings/audit-postings.schema';
import { AuditPostingsStore } from '@strowger/models/audit-postings/audit-postings.store';
import { Database, ensureCollections } from '@strowger/models/database';
import { RATE_LIMITS, rateLimitIndexes } from '@strowger/models/rate-limits/rate-limits.schema';

/** For as long an instance that writes no postings may go on recording beside this one, while a deployment is renewed. */
const RENEWAL_MS = 10 * 60_000;

/** Makes the collections and indexes of this service, and begins its postings. */
export async function prepareDatabase(database: Database): Promise<void> {
  await ensureCollections(database, [[AUDIT_EVENTS, auditEventIndexes], [AUDIT_DEAD_LETTERS, auditDeadLetterIndexes], [RATE_LIMITS, rateLimitIndexes], [AUDIT_POSTINGS, auditPostingsIndexes]]);
  await beginPostings(database);
}

/** Before anything is recorded: a trail that is empty now has postings of all its events, another one of those to come. */
async function beginPostings(database: Database): Promise<void> {
  const empty = await database.collection(AUDIT_EVENTS).findOne({}, { projection: { _id: 1 } }) === null;
  await new AuditPostingsStore(database).beginAt(empty ? undefined : new Date(Date.now() + RENEWAL_MS));
}
