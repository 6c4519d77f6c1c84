import { randomBytes } from 'node:crypto';

const TIME_CHARACTERS = 9, RANDOM_CHARACTERS = 8;
const timePart = (at: Date): string => at.getTime().toString(36).padStart(TIME_CHARACTERS, '0');

/** A new id that sorts by its time, in milliseconds: lists in order of id are in order of time. `random`: 0 to 1, for ids that are to be made again. */
export function timedId(at: Date, random?: () => number): string {
  const rest = random === undefined ? BigInt(`0x${randomBytes(6).toString('hex')}`) : BigInt(Math.floor(random() * 2 ** 40));
  return timePart(at) + rest.toString(36).padStart(RANDOM_CHARACTERS, '0').slice(-RANDOM_CHARACTERS);
}

/** The lowest id that something of this moment can have. */
export const lowestIdAt = (at: Date): string => timePart(at);
