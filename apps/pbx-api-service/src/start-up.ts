import { setTimeout as pause } from 'node:timers/promises';
import { Database, ensureIndexes } from '@strowger/models/database';
import { PbxStore } from '@strowger/models/pbx/pbx.store';
import { RATE_LIMITS, rateLimitIndexes } from '@strowger/models/rate-limits/rate-limits.schema';
import type { ServiceLog } from '@strowger/service/service-log';

const PAUSE_MS = 500;

/** Prepares in the background what the service needs of the database: its collections and their indexes. */
export class StartUp {
  private done = false;
  private readonly ending = new AbortController();

  constructor(private readonly database: Database, private readonly pbx: PbxStore, private readonly log: ServiceLog) {}

  /** Whether all is there. */
  isReady(): boolean { return this.done; }
  stop(): void { this.ending.abort(); }

  /** Tries until it works; the service listens meanwhile and is not ready. */
  async run(): Promise<void> {
    await this.database.connected();
    while (!this.isEnding() && !this.done) {
      try {
        await ensureIndexes(this.database, RATE_LIMITS, rateLimitIndexes);
        await this.pbx.prepare();
        this.done = true;
      } catch (error) {
        this.log.warn({ err: error }, 'the database could not be prepared yet');
        await pause(PAUSE_MS, undefined, { signal: this.ending.signal }).catch(() => undefined);
      }
    }
  }

  private isEnding(): boolean { return this.ending.signal.aborted; }
}
