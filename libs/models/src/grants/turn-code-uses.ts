import { randomBytes } from 'node:crypto';
import { Database } from '../database';
import { GrantDocument, GRANTS } from './grants.schema';
import { TurnChanges } from './turn-changes';

const TURN_BYTES = 12;

/** Uses of codes, each by one call and no other. Where one of a turn did not match, the database is asked which codes this turn used up, for each carries the turn's random name. */
export const turnCodeUses = (database: Database): TurnChanges<{ readonly id: string }> => new TurnChanges(database, uses => {
  const name = randomBytes(TURN_BYTES).toString('base64url'), ids = uses.map(one => one.id);
  return {
    update: {
      filter: { _id: { $in: ids }, status: 'active', code: { $exists: true }, 'code.used_at': { $exists: false } },
      update: { $currentDate: { 'code.used_at': true }, $set: { 'code.used_by': name } },
    },
    made: async () => {
      const found = await database.collection<GrantDocument>(GRANTS).find({ _id: { $in: ids }, 'code.used_by': name }, { projection: { _id: 1 } }).toArray();
      return new Set(found.map(({ _id }) => _id));
    },
  };
});
