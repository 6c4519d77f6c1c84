import { z } from 'zod';
import { callDirections, callResults } from '@strowger/models/pbx/pbx.schema';
import { extensionNumber, moment, pageFields, pageOf, plainText, recordId } from '../request-fields';

/** A call that is over. */
export const CallLogEntry = z.strictObject({
  id: z.string(), direction: z.enum(callDirections), result: z.enum(callResults), from: z.string(), to: z.string(), extensions: z.array(z.string()), switchboard: z.string().optional(),
  started_at: z.iso.datetime(), answered_at: z.iso.datetime().optional(), ended_at: z.iso.datetime(), duration_seconds: z.int(), recording: z.string().optional(),
}).meta({ id: 'CallLogEntry' });
export const CallLogPage = pageOf(CallLogEntry);
/** What a part of the call log is chosen by: `from` is included, `to` is not; `number` stands somewhere in who called or was called. */
const callLogFilters = {
  from: moment.optional(), to: moment.optional(), direction: z.enum(callDirections).optional(), result: z.enum(callResults).optional(), extension: extensionNumber.optional(),
  switchboard: recordId.optional(), number: plainText(24).optional(),
};
export const CallLogQuery = z.strictObject({ ...pageFields, ...callLogFilters });
export const CallLogExportQuery = z.strictObject(callLogFilters);
