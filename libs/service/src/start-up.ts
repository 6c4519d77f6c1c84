import { setTimeout as pause } from 'node:timers/promises';
import { ServiceLog } from './service-log';

const PAUSE_MS = 500;

/** What is prepared, and where. `prepare` may be called again after it failed half-way. */
export interface StartUpParts {
  readonly database: { connected(): Promise<void> };
  readonly prepare: () => Promise<void>;
  readonly log: Pick<ServiceLog, 'warn'>;
}

/** Prepares in the background what a service needs of its database: it listens meanwhile and is not ready. */
export class StartUp {
  /** Resolves when all is prepared; rejects when the service stops before that. */
  readonly done: Promise<void>;
  private readonly finished = Promise.withResolvers<undefined>();
  private readonly ending = new AbortController();
  private ready = false;

  /** `pauseMs`: milliseconds between two attempts. */
  constructor(private readonly parts: StartUpParts, private readonly pauseMs = PAUSE_MS) {
    this.done = this.finished.promise;
    this.done.catch(() => undefined);
  }

  /** Whether all is prepared. */
  isReady(): boolean { return this.ready; }

  stop(): void {
    this.ending.abort();
    this.finished.reject(new Error('the service stopped before its database was there'));
  }

  /** Tries until it works or the service stops. Never rejects. */
  async run(): Promise<void> {
    await this.parts.database.connected();
    while (!this.ready && !this.ending.signal.aborted) {
      try {
        await this.parts.prepare();
        this.ready = true;
        this.finished.resolve(undefined);
      } catch (error) {
        this.parts.log.warn({ err: error }, 'the database could not be prepared yet');
        await pause(this.pauseMs, undefined, { signal: this.ending.signal }).catch(() => undefined);
      }
    }
  }
}
