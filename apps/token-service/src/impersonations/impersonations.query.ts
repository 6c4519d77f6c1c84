import { z } from 'zod';
import { auditPositionOf } from '@strowger/models/audit-events/audit-cursor';
import { pageLimit } from '@strowger/service/page-limit';

/** `?limit=&cursor=` of GET `/oauth/impersonations`. */
export const ImpersonationsQuery = z.strictObject({
  limit: pageLimit,
  cursor: z.string().max(256).transform((text, context) => {
    const position = auditPositionOf(text);
    if (!position) context.addIssue({ code: 'custom', message: 'the next_cursor of an earlier answer' });
    return position;
  }).optional(),
});
