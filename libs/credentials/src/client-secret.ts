import { hash, randomBytes, randomInt, timingSafeEqual } from 'node:crypto';

/** No i, l, o, u: nothing to misread, and no words. 32 letters, 5 bits each. */
const READABLE = '0123456789abcdefghjkmnpqrstvwxyz';
const GROUPS = 4;
const GROUP_LENGTH = 5;

/** A client secret: 128 random bits as 32 lower-case hexadecimal digits (the format of seed 002). Shown once, kept as its hash. */
export const generateSecret = (): string => randomBytes(16).toString('hex');

/** A client identifier: 32 lower-case hexadecimal digits. Not a secret, but not to be guessed from another's. */
export const generateClientId = (): string => randomBytes(16).toString('hex');

/** A password for a person to copy: four groups of five letters and digits, 100 random bits. */
export const generatePassword = (): string =>
  Array.from({ length: GROUPS }, () => Array.from({ length: GROUP_LENGTH }, () => READABLE.charAt(randomInt(READABLE.length))).join('')).join('-');

/** SHA-256 of a secret's text, 32 bytes. A random secret of 128 bits needs no slow hash. */
export const hashSecret = (text: string): Buffer => hash('sha256', text, 'buffer');

/** Whether `text` is the secret of which `stored` is the hash; takes the same time wherever the first difference is. */
export function secretMatches(stored: Uint8Array, text: string): boolean {
  const presented = hashSecret(text);
  return stored.length === presented.length && timingSafeEqual(stored, presented);
}
