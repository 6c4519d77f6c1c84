import { mongo } from 'mongoose';
import { Database } from '../database';
import { Turns } from '../turns/turns';
import { GrantDocument, GRANTS } from './grants.schema';

interface Waiting<C> { readonly change: C; readonly resolve: (made: boolean) => void; readonly reject: (error: unknown) => void }

/** What one turn sends: the compare-and-set of all its changes. `made`: asked where not all of them matched, for the grants that are known to have changed by this turn. */
export interface TurnOfChanges {
  readonly update: { readonly filter: mongo.Filter<GrantDocument>; readonly update: mongo.UpdateFilter<GrantDocument> };
  readonly made: () => Promise<ReadonlySet<string>>;
}

/**
 * Changes of grants of one event-loop turn together: one compare-and-set a grant, all of them one update, which
 * costs half of what one each does. The database says how many of them matched, not which. `C`: a change; `id` names its grant.
 */
export class TurnChanges<C extends { readonly id: string }> {
  private readonly turns: Turns<Waiting<C>>;

  /** `turnOf`: of changes of different grants, in the order of their ids. */
  constructor(private readonly database: Database, private readonly turnOf: (changes: readonly C[]) => TurnOfChanges) { this.turns = new Turns(turn => this.run(turn)); }

  /** True: made, by this call and no other. @throws a database error - nobody knows; TooMuchWaiting */
  async make(change: C): Promise<boolean> {
    return new Promise((resolve, reject) => { this.turns.add({ change, resolve, reject }); });
  }

  private async run(turn: readonly Waiting<C>[]): Promise<void> {
    try {
      // Of several changes of one grant the first is sent: the others could only come too late. In one order, so that instances do not deadlock.
      const sent = new Map<string, Waiting<C>>();
      for (const one of turn) if (!sent.has(one.change.id)) sent.set(one.change.id, one);
      const changes = [...sent.values()].map(one => one.change).sort((a, b) => (a.id < b.id ? -1 : 1)), { update: { filter, update }, made } = this.turnOf(changes);
      const { modifiedCount } = await this.database.collection<GrantDocument>(GRANTS).updateMany(filter, update);
      const known = modifiedCount === changes.length ? sent : await made();
      for (const one of turn) one.resolve(sent.get(one.change.id) === one && known.has(one.change.id));
    } catch (error) {
      for (const one of turn) one.reject(error);
    }
  }
}
