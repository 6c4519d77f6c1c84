import { z } from 'zod';
import { recordingModes } from '@strowger/models/pbx/pbx.schema';
import { extensionNumber, pageFields, pageOf } from '../request-fields';

/** `call` is the call's id in the call log. */
export const Recording = z.strictObject({
  id: z.string(), extension: z.string(), call: z.string(), from: z.string(), to: z.string(), recorded_at: z.iso.datetime(), duration_seconds: z.int(),
}).meta({ id: 'Recording' });
export const RecordingPage = pageOf(Recording);
export const RecordingQuery = z.strictObject({ ...pageFields, extension: extensionNumber.optional() });
export const RecordingRule = z.strictObject({ extension: z.string(), record: z.enum(recordingModes) }).meta({ id: 'RecordingRule' });
export const RecordingRuleSetting = z.strictObject({ record: z.enum(recordingModes) });
