import { z } from 'zod';
import { AuditPosition } from '@strowger/models/audit-events/audit-query';

/** A cursor's text: milliseconds since the epoch, a space, the event's id. */
const POSITION = /^(\d{1,15}) ([\x21-\x7e]{1,128})$/;

/** The text of a position, which its reader takes as it is. */
export const cursorOf = ({ time, id }: AuditPosition): string => Buffer.from(`${String(time.getTime())} ${id}`).toString('base64url');

function positionOf(cursor: string): AuditPosition | undefined {
  const bytes = Buffer.from(cursor, 'base64url');
  const [, milliseconds, id] = POSITION.exec(bytes.toString('latin1')) ?? [];
  if (milliseconds === undefined || id === undefined || bytes.toString('base64url') !== cursor) return undefined;
  const time = new Date(Number(milliseconds));
  return Number.isNaN(time.getTime()) ? undefined : { time, id };
}

/** `?limit=&cursor=` of GET `/oauth/impersonations`. */
export const ImpersonationsQuery = z.strictObject({
  limit: z.string().regex(/^\d{1,3}$/, 'a whole number from 1 to 200').transform(Number).refine(n => n >= 1 && n <= 200, 'a whole number from 1 to 200').default(50),
  cursor: z.string().max(256).transform((text, context) => {
    const position = positionOf(text);
    if (!position) context.addIssue({ code: 'custom', message: 'the next_cursor of an earlier answer' });
    return position;
  }).optional(),
});
