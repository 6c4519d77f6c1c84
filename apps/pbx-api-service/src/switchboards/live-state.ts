import { createHash } from 'node:crypto';
import { z } from 'zod';
import { SwitchboardDocument } from '@strowger/models/pbx/pbx.schema';
import { idOf } from '@strowger/models/pbx/pbx-records.store';
import { memberStates, SwitchboardState } from './switchboard.shapes';

const STEP_MS = 15_000;

/**
 * What happens at a switchboard of the simulated PBX: it follows from the time, in steps of fifteen seconds, so every instance says the same.
 * Who has a call on the switch is talking whatever the simulation says.
 */
export function liveState(board: SwitchboardDocument, talking: ReadonlySet<string>, now: Date): z.infer<typeof SwitchboardState> {
  const step = Math.floor(now.getTime() / STEP_MS), chance = (of: string): number => createHash('sha256').update(`${board._id} ${of} ${String(step)}`).digest().readUInt16BE(0);
  const members = board.members.map(extension => ({ extension, state: talking.has(extension) ? 'talking' as const : memberStates[[0, 0, 0, 1, 2, 2, 3, 3][chance(extension) % 8] ?? 0] ?? 'away' }));
  const waiting = board.open ? [0, 0, 0, 1, 1, 2, 4, 0][chance('waiting') % 8] ?? 0 : 0;
  return {
    id: idOf(board), open: board.open, waiting, longest_wait_seconds: waiting === 0 ? 0 : 5 + chance('wait') % 90,
    members, at: new Date(step * STEP_MS).toISOString(),
  };
}
