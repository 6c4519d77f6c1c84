import { setTimeout as pause } from 'node:timers/promises';
import { accountIndexes, ACCOUNTS } from '@strowger/models/accounts/accounts.schema';
import { applicationIndexes, APPLICATIONS } from '@strowger/models/applications/applications.schema';
import { Database, ensureIndexes } from '@strowger/models/database';
import { OUTBOX, outboxIndexes } from '@strowger/models/outbox/outbox.schema';
import { RATE_LIMITS, rateLimitIndexes } from '@strowger/models/rate-limits/rate-limits.schema';
import { tenantIndexes, TENANTS } from '@strowger/models/tenants/tenants.schema';
import { ServiceLog } from '@strowger/service/service-log';

const PAUSE_MS = 500;
const needed = [[TENANTS, tenantIndexes], [ACCOUNTS, accountIndexes], [APPLICATIONS, applicationIndexes], [OUTBOX, outboxIndexes], [RATE_LIMITS, rateLimitIndexes]] as const;

/** Makes the collections and indexes that this service needs; without the unique ones it must not write. */
export class PrepareDatabase {
  private done = false;
  private readonly ending = new AbortController();

  constructor(private readonly database: Database, private readonly log: ServiceLog) {}

  isReady(): boolean { return this.done; }
  stop(): void { this.ending.abort(); }

  /** Tries until it works; the service listens meanwhile and is not ready. */
  async run(): Promise<void> {
    await this.database.connected();
    while (!this.done && !this.ending.signal.aborted) {
      try {
        for (const [collection, indexes] of needed) await ensureIndexes(this.database, collection, indexes);
        this.done = true;
      } catch (error) {
        this.log.warn({ err: error }, 'the database could not be prepared yet');
        await pause(PAUSE_MS, undefined, { signal: this.ending.signal }).catch(() => undefined);
      }
    }
  }
}
