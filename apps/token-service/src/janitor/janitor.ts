import { EndedTokensStore } from '@strowger/models/access-tokens/ended-tokens.store';
import { EndedGrantsStore } from '@strowger/models/grants/ended-grants.store';
import { OwedReader } from '@strowger/models/outbox/owed.reader';
import { EndedSecretUsesStore } from '@strowger/models/secret-uses/ended-secret-uses.store';
import { LOST_ANSWER_SECONDS } from '@strowger/oauth-core/refresh-token';
import { ServiceLog } from '@strowger/service/service-log';

/** What is deleted, and where it is counted. */
export type Swept = 'access_tokens' | 'grants' | 'secret_uses';
export interface JanitorStores {
  readonly tokens: Pick<EndedTokensStore, 'accounts' | 'delete'>;
  readonly grants: Pick<EndedGrantsStore, 'delete'>;
  readonly secretUses: Pick<EndedSecretUsesStore, 'uses' | 'delete'>;
  readonly owed: Pick<OwedReader, 'owesSince'>;
}
/** `everySeconds`: from the end of one round to the next. `longestTokenSeconds`: ACCESS_TOKEN_TTL_MAX_SECONDS. */
export interface JanitorSettings { readonly everySeconds: number; readonly longestTokenSeconds: number; readonly now: () => Date; readonly counts: { swept(what: Swept, many: number): void } }

/** Tokens stay so long past their end: they prove for so long that a refresh was answered, and let the trail be compared with them. */
const KEPT_SECONDS = LOST_ANSWER_SECONDS;
const DAY_SECONDS = 24 * 3600, MARGIN_SECONDS = 600, AT_ONCE = 200;

/** Thrown to end a round early: the service stops, or something is owed for so long that nothing may be deleted. */
class RoundEnds extends Error { override readonly name = 'RoundEnds'; }

/**
 * Deletes access tokens, grants and uses of secrets that nobody needs any more, in small batches, resting after each as long as it took.
 * Every instance has one; what two of them delete at once is deleted once. While any event is owed for over a day nothing is deleted: a document may be all
 * that is left to tell it from.
 */
export class Janitor {
  private timer: NodeJS.Timeout | undefined;
  private round: Promise<void> = Promise.resolve();
  private stopped = false;

  constructor(private readonly stores: JanitorStores, private readonly settings: JanitorSettings, private readonly log: Pick<ServiceLog, 'warn'>) {}

  /** Begins at a random moment within the first interval, so that instances that start together do not work together. */
  start(): void { this.timer ??= setTimeout(() => { this.run(); }, Math.random() * this.settings.everySeconds * 1000).unref(); }

  /** Resolves when nothing is under way any more. */
  async stop(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.timer);
    await this.round;
  }

  /** One round over everything. @throws what the database throws */
  async sweep(): Promise<void> {
    const now = this.settings.now().getTime() / 1000, past = (seconds: number) => new Date((now - seconds) * 1000);
    try {
      for (let accounts = await this.stores.tokens.accounts(undefined); accounts.length > 0; accounts = await this.stores.tokens.accounts(accounts.at(-1))) {
        await this.inBatches('access_tokens', () => this.stores.tokens.delete(accounts, past(KEPT_SECONDS), AT_ONCE));
      }
      // A grant outlives every token that came of it: without it they would be dead early.
      await this.inBatches('grants', () => this.stores.grants.delete(past(KEPT_SECONDS + this.settings.longestTokenSeconds + MARGIN_SECONDS), AT_ONCE));
      for (let uses = await this.stores.secretUses.uses(undefined); uses.length > 0; uses = await this.stores.secretUses.uses(uses.at(-1))) {
        await this.inBatches('secret_uses', () => this.stores.secretUses.delete(uses));
      }
    } catch (error) {
      if (!(error instanceof RoundEnds)) throw error;
    }
  }

  private async inBatches(what: Swept, deleteSome: () => Promise<number>): Promise<void> {
    for (let many = AT_ONCE; many === AT_ONCE;) {
      if (this.stopped || await this.stores.owed.owesSince(new Date(this.settings.now().getTime() - DAY_SECONDS * 1000))) throw new RoundEnds();
      const began = performance.now();
      many = await deleteSome();
      if (many > 0) this.settings.counts.swept(what, many);
      if (many === AT_ONCE) await new Promise(resolve => setTimeout(resolve, performance.now() - began));
    }
  }

  private run(): void {
    this.round = this.sweep().catch((error: unknown) => { this.log.warn({ err: error }, 'the janitor could not finish its round'); }).then(() => {
      if (!this.stopped) this.timer = setTimeout(() => { this.run(); }, this.settings.everySeconds * 1000).unref();
    });
  }
}
