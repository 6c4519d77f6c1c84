import { setTimeout as pause } from 'node:timers/promises';
import { Database, ensureIndexes } from '@strowger/models/database';
import { OUTBOX, outboxIndexes } from '@strowger/models/outbox/outbox.schema';
import { RATE_LIMITS, rateLimitIndexes } from '@strowger/models/rate-limits/rate-limits.schema';
import { SCOPE_CHANGES, scopeChangeIndexes } from '@strowger/models/scope-changes/scope-changes.schema';
import { scopeIndexes, SCOPES } from '@strowger/models/scopes/scopes.schema';
import type { ServiceLog } from '@strowger/service/service-log';

const PAUSE_MS = 500;
const owned = [[OUTBOX, outboxIndexes], [SCOPES, scopeIndexes], [SCOPE_CHANGES, scopeChangeIndexes], [RATE_LIMITS, rateLimitIndexes]] as const;

/** Prepares in the background what the service needs of the database: its collections and their indexes. */
export class StartUp {
  private done = false;
  private readonly ending = new AbortController();

  constructor(private readonly database: Database, private readonly log: ServiceLog) {}

  /** Whether an announcement can be stored: without its unique index two services could share a module. */
  isReady(): boolean { return this.done; }
  stop(): void { this.ending.abort(); }

  /** Tries until it works; the service listens meanwhile and is not ready. */
  async run(): Promise<void> {
    await this.database.connected();
    while (!this.isEnding() && !this.done) {
      try {
        for (const [collection, indexes] of owned) await ensureIndexes(this.database, collection, indexes);
        this.done = true;
      } catch (error) {
        this.log.warn({ err: error }, 'the database could not be prepared yet');
        await pause(PAUSE_MS, undefined, { signal: this.ending.signal }).catch(() => undefined);
      }
    }
  }

  private isEnding(): boolean { return this.ending.signal.aborted; }
}
