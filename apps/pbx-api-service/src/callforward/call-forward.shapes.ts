import { z } from 'zod';
import { forwardConditions } from '@strowger/models/pbx/pbx.schema';
import { flag, pageOf, phoneNumber, wholeNumber } from '../request-fields';

const AfterSeconds = wholeNumber(5, 120);
/** What is set for one condition. */
export const CallForward = z.strictObject({ target: z.string(), enabled: z.boolean(), after_seconds: z.int().optional() }).meta({ id: 'CallForward' });
/** The forwarding of an extension: unconditional, when busy, and when nobody answers. */
export const CallForwards = z.strictObject({
  extension: z.string(), unconditional: CallForward.nullable(), busy: CallForward.nullable(), no_answer: CallForward.nullable(),
}).meta({ id: 'CallForwards' });
export const CallForwardsPage = pageOf(CallForwards);
export const ForwardConditionName = z.enum(forwardConditions, 'unconditional, busy or no_answer');
/** `enabled` is true unless told otherwise; `after_seconds` is for `no_answer` (20 unless told otherwise). */
export const CallForwardSetting = z.strictObject({ target: phoneNumber, enabled: flag.exactOptional(), after_seconds: AfterSeconds.exactOptional() });
