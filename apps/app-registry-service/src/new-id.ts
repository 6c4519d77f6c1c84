import { randomBytes } from 'node:crypto';

/** A new document's id: 32 hex digits, of which the first twelve are the time, so that lists are in the order of creation. */
export const newId = (now: Date): string => now.getTime().toString(16).padStart(12, '0') + randomBytes(10).toString('hex');
