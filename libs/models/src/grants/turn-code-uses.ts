import { randomBytes } from 'node:crypto';
import { mongo } from 'mongoose';
import { Database } from '../database';
import { Turns } from '../turns/turns';
import { GrantDocument, GRANTS } from './grants.schema';

interface CodeUse { readonly grantId: string; readonly resolve: (used: boolean) => void; readonly reject: (error: unknown) => void }
const TURN_BYTES = 12;

/**
 * Uses of codes of one event-loop turn together: one compare-and-set a grant, all of them one command. The database says how many of
 * them matched, not which: where one did not, it is asked which codes this turn used up, for each carries the turn's random name.
 */
export class TurnCodeUses {
  private readonly turns: Turns<CodeUse>;

  constructor(private readonly database: Database) { this.turns = new Turns(turn => this.run(turn)); }

  /** True: used up, by this call and no other. @throws a database error - nobody knows; TooMuchWaiting */
  async use(grantId: string): Promise<boolean> {
    return new Promise((resolve, reject) => { this.turns.add({ grantId, resolve, reject }); });
  }

  private async run(turn: readonly CodeUse[]): Promise<void> {
    // Of several uses of one code the first is sent: the others could only come too late. In one order, so that instances do not deadlock.
    const sent = new Map<string, CodeUse>();
    for (const one of turn) if (!sent.has(one.grantId)) sent.set(one.grantId, one);
    const ids = [...sent.keys()].sort(), name = randomBytes(TURN_BYTES).toString('base64url');
    try {
      const { modifiedCount } = await this.grants().bulkWrite(ids.map(id => useOf(id, name)), { ordered: false });
      const used = modifiedCount === ids.length ? new Set(ids) : await this.usedBy(name, ids);
      for (const one of turn) one.resolve(sent.get(one.grantId) === one && used.has(one.grantId));
    } catch (error) {
      for (const one of turn) one.reject(error);
    }
  }

  private async usedBy(name: string, ids: readonly string[]): Promise<Set<string>> {
    const found = await this.grants().find({ _id: { $in: [...ids] }, 'code.used_by': name }, { projection: { _id: 1 } }).toArray();
    return new Set(found.map(({ _id }) => _id));
  }

  private grants(): mongo.Collection<GrantDocument> { return this.database.collection(GRANTS); }
}

const useOf = (id: string, name: string) => ({
  updateOne: {
    filter: { _id: id, status: 'active' as const, code: { $exists: true }, 'code.used_at': { $exists: false } },
    update: { $currentDate: { 'code.used_at': true as const }, $set: { 'code.used_by': name } },
  },
});
