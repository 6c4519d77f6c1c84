import { z } from 'zod';
import { extensionNumber, pageFields, pageOf, phoneNumber } from '../request-fields';

const faxStates = ['queued', 'sending', 'sent', 'failed', 'cancelled', 'received'] as const;
export const Fax = z.strictObject({
  id: z.string(), direction: z.enum(['inbound', 'outbound']), extension: z.string(), from: z.string(), to: z.string(), pages: z.int(), state: z.enum(faxStates),
  created_at: z.iso.datetime(), attempts: z.int(),
}).meta({ id: 'Fax' });
export const FaxPage = pageOf(Fax);
export const FaxQuery = z.strictObject({ ...pageFields, extension: extensionNumber.optional(), direction: z.enum(['inbound', 'outbound']).optional() });
/** A text of at most 20,000 characters, line breaks and tabs among them; `extension` is the caller's own unless told otherwise. */
export const NewFax = z.strictObject({ to: phoneNumber, text: z.string().min(1).max(20_000).regex(/^(?:\P{Cc}|[\n\r\t])*$/u, 'no control characters but line breaks and tabs'), extension: extensionNumber.exactOptional() });
