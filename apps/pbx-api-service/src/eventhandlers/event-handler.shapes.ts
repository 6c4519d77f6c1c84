import { z } from 'zod';
import { handledEvents } from '@strowger/models/pbx/pbx.schema';
import { extensionNumber, pageFields, pageOf } from '../request-fields';

const event = z.enum(handledEvents);
/** Where it is told: https, and nothing in the address that would be a credential. */
const isPlain = (text: string): boolean => {
  if (!/^https:\/\/[^\s\\]+$/.test(text) || !URL.canParse(text)) return false;
  const { username, password, hash } = new URL(text);
  return username === '' && password === '' && hash === '';
};
const url = z.string().max(512).refine(isPlain, 'an https URL without user, password and fragment').meta({ format: 'uri' });
export const EventHandler = z.strictObject({
  id: z.string(), event, url: z.string(), extension: z.string().optional(), created_at: z.iso.datetime(), created_by: z.string(),
}).meta({ id: 'EventHandler' });
export const EventHandlerPage = pageOf(EventHandler);
export const EventHandlerQuery = z.strictObject({ ...pageFields, event: event.optional() });
/** `extension`: of which it tells; the caller's own unless told otherwise, and of the whole PBX where an administrator names none. */
export const NewEventHandler = z.strictObject({ event, url, extension: extensionNumber.exactOptional() });
export const EventHandlerChange = z.strictObject({ event: event.exactOptional(), url: url.exactOptional() });
