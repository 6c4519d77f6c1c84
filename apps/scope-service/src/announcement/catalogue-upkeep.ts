import type { ScopeAnnouncement } from '@strowger/contracts/scope-announcement';
import type { ServiceLog } from '@strowger/service/service-log';
import type { AnnounceScopes } from './announce-scopes';
import { Listening } from './listening';
import type { WithdrawSilentScopes } from './withdraw-silent-scopes';

const SELF = 'scope-service';
const ROUNDS_IN_SILENCE = 10, LONGEST_ROUND_MS = 30_000;

/** What the upkeep works with. `hears`: whether announcements of others can arrive and be stored now. */
export interface UpkeepParts {
  readonly announce: AnnounceScopes;
  readonly withdraw: WithdrawSilentScopes;
  readonly own: ScopeAnnouncement;
  readonly withdrawSeconds: number;
  readonly hears: () => Promise<boolean>;
  readonly log: Pick<ServiceLog, 'info' | 'warn'>;
}

/** Keeps the catalogue true between announcements: announces scope-service's own scopes (its bus user may not ask itself) and withdraws those of silent services. */
export class CatalogueUpkeep {
  private readonly everyMs: number;
  private readonly listening: Listening;
  private readonly ending = new AbortController();
  private going: Promise<void> | undefined;
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly parts: UpkeepParts) {
    this.everyMs = Math.min(parts.withdrawSeconds * 1000 / ROUNDS_IN_SILENCE, LONGEST_ROUND_MS);
    this.listening = new Listening(3 * this.everyMs + 1000);
  }

  /** Makes a round now and regularly from now on. */
  start(): void {
    if (this.ending.signal.aborted) return;
    this.timer ??= setInterval(() => { void this.round(); }, this.everyMs);
    void this.round();
  }

  /** Ends, after the round under way. */
  async stop(): Promise<void> {
    this.ending.abort();
    clearInterval(this.timer);
    await this.going;
  }

  /** One round; never two at once, never rejects: the next one tries again. */
  round(): Promise<void> {
    this.going ??= this.makeRound()
      .catch((error: unknown) => { this.parts.log.warn({ err: error }, 'the upkeep of the catalogue failed; the next round tries again'); })
      .finally(() => { this.going = undefined; });
    return this.going;
  }

  private async makeRound(): Promise<void> {
    const { announce, withdraw, own, withdrawSeconds, hears, log } = this.parts;
    const heardForMs = this.listening.note(await hears().catch(() => false), Date.now());
    if (this.ending.signal.aborted) return;
    await announce.announce(SELF, own.scopes);
    if (heardForMs < withdrawSeconds * 1000) return;
    const withdrawn = await withdraw.withdraw(new Date(Date.now() - withdrawSeconds * 1000));
    if (withdrawn > 0) log.info({ withdrawn }, 'scopes that were not announced any more are withdrawn');
  }
}
