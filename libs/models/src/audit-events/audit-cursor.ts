import { AuditPosition } from './audit-query';

/** A cursor's text: milliseconds since the epoch, a space, the event's id. */
const POSITION = /^(\d{1,15}) ([\x21-\x7e]{1,128})$/;

/** The text of a position of the trail (base64url), to be given back as it is. */
export const auditCursor = ({ time, id }: AuditPosition): string => Buffer.from(`${String(time.getTime())} ${id}`).toString('base64url');

/** The position of a text; undefined where it is none that `auditCursor` made. */
export function auditPositionOf(cursor: string): AuditPosition | undefined {
  const bytes = Buffer.from(cursor, 'base64url');
  const [, milliseconds, id] = POSITION.exec(bytes.toString('latin1')) ?? [];
  // Base64url has spare bits and the decoder takes much: only what re-encodes to itself was ever answered.
  if (milliseconds === undefined || id === undefined || bytes.toString('base64url') !== cursor) return undefined;
  const time = new Date(Number(milliseconds));
  return Number.isNaN(time.getTime()) ? undefined : { time, id };
}
