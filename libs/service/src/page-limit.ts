import { z } from 'zod';

const MAX_LIMIT = 200, DEFAULT_LIMIT = 50;
const ERROR = `a whole number from 1 to ${String(MAX_LIMIT)}`;

/** `?limit=` of a list: at most 200, 50 where it is not said. */
export const pageLimit = z.string().regex(/^\d{1,3}$/, ERROR).transform(Number).refine(limit => limit >= 1 && limit <= MAX_LIMIT, ERROR).default(DEFAULT_LIMIT);
