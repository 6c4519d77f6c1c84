import { AUDIT_DEAD_LETTERS, auditDeadLetterIndexes } from '@strowger/models/audit-dead-letters/audit-dead-letters.schema';
import { AUDIT_EVENTS, auditEventIndexes } from '@strowger/models/audit-events/audit-events.schema';
import { AUDIT_POSTINGS, auditPostingsIndexes } from '@strowger/models/audit-postings/audit-postings.schema';
import { AuditPostingsStore } from '@strowger/models/audit-postings/audit-postings.store';
import { Database, ensureIndexes } from '@strowger/models/database';
import { RATE_LIMITS, rateLimitIndexes } from '@strowger/models/rate-limits/rate-limits.schema';
import { ServiceLog } from '@strowger/service/service-log';

const PAUSE_MS = 500;
/** For as long an instance that writes no postings may go on recording beside this one, while a deployment is renewed. */
const RENEWAL_MS = 10 * 60_000;

/** Prepares in the background what the service needs of the database: its collections and their indexes. */
export class StartUp {
  /** Resolves when all is prepared; rejects when the service stops before that. */
  readonly done: Promise<void>;
  private readonly finished = Promise.withResolvers<undefined>();
  private ready = false;
  private stopped = false;

  constructor(private readonly database: Database, private readonly log: ServiceLog) {
    this.done = this.finished.promise;
    this.done.catch(() => undefined);
  }

  isReady(): boolean { return this.ready; }

  stop(): void {
    this.stopped = true;
    this.finished.reject(new Error('the service stopped before its database was there'));
  }

  /** Tries until it works; the service listens meanwhile and is not ready. */
  async run(): Promise<void> {
    await this.database.connected();
    while (!this.stopped) {
      try {
        await ensureIndexes(this.database, AUDIT_EVENTS, auditEventIndexes);
        await ensureIndexes(this.database, AUDIT_DEAD_LETTERS, auditDeadLetterIndexes);
        await ensureIndexes(this.database, RATE_LIMITS, rateLimitIndexes);
        await this.beginPostings();
        this.ready = true;
        this.finished.resolve(undefined);
        return;
      } catch (error) {
        this.log.warn({ err: error }, 'the database could not be prepared yet');
        await new Promise(resolve => setTimeout(resolve, PAUSE_MS));
      }
    }
  }

  /** Before anything is recorded: a trail that is empty now has postings of all its events, another one of those to come. */
  private async beginPostings(): Promise<void> {
    await ensureIndexes(this.database, AUDIT_POSTINGS, auditPostingsIndexes);
    const empty = await this.database.collection(AUDIT_EVENTS).findOne({}, { projection: { _id: 1 } }) === null;
    await new AuditPostingsStore(this.database).beginAt(empty ? undefined : new Date(Date.now() + RENEWAL_MS));
  }
}
