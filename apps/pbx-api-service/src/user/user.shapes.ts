import { z } from 'zod';
import { Extension } from '../extensions/extension.shapes';
import { email, plainText } from '../request-fields';

/** Who the token speaks for, and the extension that is theirs. */
export const PbxUser = z.strictObject({ id: z.string(), username: z.string(), administrator: z.boolean(), extension: Extension.nullable() }).meta({ id: 'PbxUser' });
/** Of the own extension. */
export const PbxUserChange = z.strictObject({ name: plainText(80).exactOptional(), email: email.exactOptional() });
