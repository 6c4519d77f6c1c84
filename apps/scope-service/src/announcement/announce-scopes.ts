import { setTimeout as pause } from 'node:timers/promises';
import { AnnouncedScope, AnnouncementReply } from '@strowger/contracts/scope-announcement';
import { ScopeChange, ScopesMoved, ScopesWriter } from '@strowger/models/scopes/scopes.writer';
import { judgeAnnouncement, Judgement, moduleOf } from './judge-announcement';

/** Changes of one transaction. */
const PAGE = 200;
const LOST_RACES = 20, RACE_PAUSE_MS = 25;

/**
 * Takes a full announcement of a service into the catalogue. May be repeated, and run by several instances at once for the
 * same service: each change is made, and told of, once.
 */
export class AnnounceScopes {
  constructor(private readonly scopes: ScopesWriter, private readonly absentSeconds: number, private readonly now: () => Date = () => new Date()) {}

  /**
   * @throws ScopesMoved - other announcements changed the same scopes again and again; a database error. What was changed
   *   until then is; the next announcement makes the rest
   */
  async announce(service: string, announced: readonly AnnouncedScope[]): Promise<AnnouncementReply> {
    // All instances change scopes in one order: transactions that take the same documents in different orders wait for each other.
    const inOrder = announced.toSorted((one, other) => (one.scope < other.scope ? -1 : 1));
    for (let lost = 0; ;) {
      const judgement = await this.judge(service, inOrder);
      const page = judgement.changes.slice(0, PAGE);
      if (page.length === 0) {
        await this.scopes.seen(service, judgement.accepted);
        return { accepted: judgement.accepted.length, refused: [...judgement.refused] };
      }
      if (!await this.changed(page) && ++lost === LOST_RACES) throw new ScopesMoved(`the scopes of ${service} were changed ${String(lost)} times meanwhile`);
    }
  }

  private async judge(service: string, scopes: readonly AnnouncedScope[]): Promise<Judgement> {
    const modules = new Set(scopes.map(({ scope }) => moduleOf(scope)));
    const known = await this.scopes.concernedBy(service, [...modules]);
    return judgeAnnouncement({ service, scopes, known, now: this.now(), absentSeconds: this.absentSeconds });
  }

  /** Whether the changes were made; false: somebody was faster. */
  private async changed(page: readonly ScopeChange[]): Promise<boolean> {
    try {
      await this.scopes.change(page);
      return true;
    } catch (error) {
      if (!(error instanceof ScopesMoved)) throw error;
      await pause(Math.random() * RACE_PAUSE_MS);
      return false;
    }
  }
}
