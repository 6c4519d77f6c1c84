import { z } from 'zod';
import { auditPositionOf } from '@strowger/models/audit-events/audit-cursor';

/** `?limit=&cursor=` of GET `/oauth/impersonations`. */
export const ImpersonationsQuery = z.strictObject({
  limit: z.string().regex(/^\d{1,3}$/, 'a whole number from 1 to 200').transform(Number).refine(n => n >= 1 && n <= 200, 'a whole number from 1 to 200').default(50),
  cursor: z.string().max(256).transform((text, context) => {
    const position = auditPositionOf(text);
    if (!position) context.addIssue({ code: 'custom', message: 'the next_cursor of an earlier answer' });
    return position;
  }).optional(),
});
