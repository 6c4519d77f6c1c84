import { GrantFacts } from '@strowger/oauth-core/refresh-token';
import { Database } from '../database';
import { TurnChanges } from './turn-changes';

/** From the generation that was read to the next one, unless the grant rotated within the last `graceSeconds`. */
export interface Rotation extends Pick<GrantFacts, 'id' | 'generation'> { readonly graceSeconds: number }

/**
 * Rotations of grants. Where one of a turn did not match, nobody knows which, and every caller of that turn is told to read again: who did
 * rotate then finds that the generation it asked for has come.
 */
export const turnRotations = (database: Database): TurnChanges<Rotation> => new TurnChanges(database, rotations => ({ updates: rotations.map(updateOf), made: () => Promise.resolve(NONE) }));

const NONE: ReadonlySet<string> = new Set();
const updateOf = ({ id, generation, graceSeconds }: Rotation) => ({
  updateOne: {
    filter: {
      _id: id, status: 'active' as const, generation,
      $expr: { $or: [{ $eq: [{ $type: '$rotated_at' }, 'missing'] }, { $lte: ['$rotated_at', { $subtract: ['$$NOW', graceSeconds * 1000] }] }] },
    },
    update: { $inc: { generation: 1 }, $currentDate: { rotated_at: true as const } },
  },
});
