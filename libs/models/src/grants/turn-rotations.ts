import { GrantFacts } from '@strowger/oauth-core/refresh-token';
import { Database } from '../database';
import { Turns } from '../turns/turns';
import { GrantDocument, GRANTS } from './grants.schema';

interface Rotation { readonly grant: GrantFacts; readonly graceSeconds: number; readonly resolve: (moved: boolean) => void; readonly reject: (error: unknown) => void }

/**
 * Rotations of one event-loop turn together: one compare-and-set a grant, all of them one command. The database says how many of
 * them matched, not which: where one did not, every caller of that turn is told to read again, and who did rotate then finds that
 * the generation it asked for has come.
 */
export class TurnRotations {
  private readonly turns: Turns<Rotation>;

  constructor(private readonly database: Database) { this.turns = new Turns(turn => this.run(turn)); }

  /** True: moved to the next generation, by this call. False: it may have been; read again. @throws a database error - nobody knows; TooMuchWaiting */
  async rotate(grant: GrantFacts, graceSeconds: number): Promise<boolean> {
    return new Promise((resolve, reject) => { this.turns.add({ grant, graceSeconds, resolve, reject }); });
  }

  private async run(turn: readonly Rotation[]): Promise<void> {
    // Of several that would rotate one grant one is sent: the others could only come too late. In one order, so that instances do not deadlock.
    const sent = new Map<string, Rotation>();
    for (const one of turn) if (!sent.has(one.grant.id)) sent.set(one.grant.id, one);
    const ordered = [...sent.values()].sort((a, b) => (a.grant.id < b.grant.id ? -1 : 1));
    try {
      const { modifiedCount } = await this.database.collection<GrantDocument>(GRANTS).bulkWrite(ordered.map(updateOf), { ordered: false });
      for (const one of turn) one.resolve(modifiedCount === ordered.length && sent.get(one.grant.id) === one);
    } catch (error) {
      for (const one of turn) one.reject(error);
    }
  }
}

const updateOf = ({ grant, graceSeconds }: Rotation) => ({
  updateOne: {
    filter: {
      _id: grant.id, status: 'active' as const, generation: grant.generation,
      $expr: { $or: [{ $eq: [{ $type: '$rotated_at' }, 'missing'] }, { $lte: ['$rotated_at', { $subtract: ['$$NOW', graceSeconds * 1000] }] }] },
    },
    update: { $inc: { generation: 1 }, $currentDate: { rotated_at: true as const } },
  },
});
