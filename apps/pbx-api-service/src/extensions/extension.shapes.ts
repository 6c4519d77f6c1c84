import { z } from 'zod';
import { email, extensionNumber, pageFields, pageOf, plainText } from '../request-fields';

const name = plainText(80), department = plainText(40);
/** An extension as it is answered. */
export const Extension = z.strictObject({ id: z.string(), name: z.string(), department: z.string(), email: z.string().optional() }).meta({ id: 'Extension' });
export const ExtensionPage = pageOf(Extension);
/** `q` stands somewhere in the name. */
export const ExtensionQuery = z.strictObject({ ...pageFields, department: department.optional(), q: plainText(80).optional() });
export const NewExtension = z.strictObject({ id: extensionNumber, name, department, email: email.exactOptional() });
export const ExtensionChange = z.strictObject({ name: name.exactOptional(), department: department.exactOptional(), email: email.exactOptional() });
