import { ScopesMoved, ScopesWriter } from '@strowger/models/scopes/scopes.writer';
import { withdrawal } from './judge-announcement';

/** Changes of one transaction. */
const PAGE = 200;

/** Withdraws the scopes of services that have not announced them for a while. */
export class WithdrawSilentScopes {
  constructor(private readonly scopes: ScopesWriter) {}

  /** Withdraws what was announced last before `since`; how many. What moved meanwhile is left for the next time. */
  async withdraw(since: Date): Promise<number> {
    let withdrawn = 0;
    for (;;) {
      const silent = await this.scopes.silentSince(since, PAGE);
      if (silent.length === 0) return withdrawn;
      try {
        await this.scopes.change(silent.map(withdrawal));
      } catch (error) {
        if (error instanceof ScopesMoved) return withdrawn;
        throw error;
      }
      withdrawn += silent.length;
    }
  }
}
