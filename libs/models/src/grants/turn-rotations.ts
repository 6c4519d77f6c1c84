import { GrantFacts } from '@strowger/oauth-core/refresh-token';
import { Database } from '../database';
import { TurnChanges } from './turn-changes';

/** From the generation that was read to the next one, unless the grant rotated within the last `graceSeconds`. */
export interface Rotation extends Pick<GrantFacts, 'id' | 'generation'> { readonly graceSeconds: number }

/**
 * Rotations of grants. Where one of a turn did not match, nobody knows which, and every caller of that turn is told to read again: who did
 * rotate then finds that the generation it asked for has come.
 */
export const turnRotations = (database: Database): TurnChanges<Rotation> => new TurnChanges(database, rotations => ({ update: updateOf(rotations), made: () => Promise.resolve(NONE) }));

const NONE: ReadonlySet<string> = new Set();
/** Each grant while it stands where its caller read it. A process has one grace; of several the longest counts. */
const updateOf = (rotations: readonly Rotation[]) => ({
  filter: {
    // All ids once more beside the alternatives: an index answers them.
    _id: { $in: idsOf(rotations) }, status: 'active' as const,
    $or: [...Map.groupBy(rotations, one => one.generation)].map(([generation, group]) => ({ generation, _id: { $in: idsOf(group) } })),
    $expr: { $or: [{ $eq: [{ $type: '$rotated_at' }, 'missing'] }, { $lte: ['$rotated_at', { $subtract: ['$$NOW', Math.max(...rotations.map(one => one.graceSeconds)) * 1000] }] }] },
  },
  update: { $inc: { generation: 1 }, $currentDate: { rotated_at: true as const } },
});
const idsOf = (rotations: readonly Rotation[]): string[] => rotations.map(one => one.id);
