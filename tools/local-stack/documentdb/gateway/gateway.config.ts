import { z } from 'zod';

const Environment = z.object({
  PORT: z.coerce.number().int().min(1).max(65535),
  PGPORT: z.coerce.number().int().min(1).max(65535),
  STROWGER_PARENT_PIPE: z.literal('1').optional(),
});
/** Where the gateway listens, and PostgreSQL's port; both on 127.0.0.1. */
export const gatewayConfig = Object.freeze(Environment.parse(process.env));
