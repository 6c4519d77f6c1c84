import { z } from 'zod';
import { extensionNumber, pageFields, pageOf, phoneNumber } from '../request-fields';

const callStates = ['ringing_extension', 'ringing', 'answered'] as const;
/** A call that the switch has now. */
export const Call = z.strictObject({
  id: z.string(), extension: z.string(), to: z.string(), state: z.enum(callStates), started_at: z.iso.datetime(), answered_at: z.iso.datetime().optional(), requested_by: z.string(),
}).meta({ id: 'Call' });
export const CallPage = pageOf(Call);
export const CallQuery = z.strictObject({ ...pageFields, extension: extensionNumber.optional() });
/** `extension` is the caller's own unless told otherwise. */
export const NewCall = z.strictObject({ to: phoneNumber, extension: extensionNumber.exactOptional() });
