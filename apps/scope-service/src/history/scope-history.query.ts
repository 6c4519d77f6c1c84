import { z } from 'zod';
import { pageLimit } from '@strowger/service/page-limit';

/** Where a page ends, as the caller gets it back: opaque, and nothing but a version. */
export const cursorBefore = (version: number): string => Buffer.from(`v${String(version)}`).toString('base64url');

/** `GET /api/scopes/{scope}/history`. */
export const ScopeHistoryQuery = z.strictObject({
  limit: pageLimit,
  cursor: z.string().max(32).transform((text, context) => {
    const [, version] = /^v([1-9]\d{0,14})$/.exec(Buffer.from(text, 'base64url').toString('latin1')) ?? [];
    if (version !== undefined && cursorBefore(Number(version)) === text) return Number(version);
    context.addIssue({ code: 'custom', message: 'not a cursor that a list returned' });
    return z.NEVER;
  }).optional(),
});
