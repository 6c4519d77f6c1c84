import { z } from 'zod';
import { email, extensionNumber, flag, pageFields, pageOf } from '../request-fields';

export const VoicemailMessage = z.strictObject({
  id: z.string(), extension: z.string(), from: z.string(), received_at: z.iso.datetime(), duration_seconds: z.int(), heard: z.boolean(),
}).meta({ id: 'VoicemailMessage' });
export const VoicemailPage = pageOf(VoicemailMessage);
export const VoicemailQuery = z.strictObject({ ...pageFields, extension: extensionNumber.optional(), heard: flag.optional() });
export const Mailbox = z.strictObject({ extension: z.string(), enabled: z.boolean(), notify_email: z.string().optional() }).meta({ id: 'Mailbox' });
/** Without `notify_email` nobody is notified. */
export const MailboxSetting = z.strictObject({ enabled: flag, notify_email: email.exactOptional() });
