import { z } from 'zod';

/** Control characters, halves of characters, and marks that turn the direction of what follows them: nothing that people read needs them. */
const UNREADABLE = /[\p{Cc}\p{Cs}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]/u;
const UNREADABLE_BUT_LINES = /[^\P{Cc}\n\t]|[\p{Cs}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]/u;

/** One line of text for people. Fields come from JSON or from a form, where everything is text. */
export const line = (max: number) =>
  z.string().max(max).transform(text => text.normalize('NFC').trim()).refine(text => text !== '', 'must not be blank').refine(text => !UNREADABLE.test(text), 'must be one line without control characters');
/** Text of several lines, which a form ends with CR LF (HTML, "form submission"). */
export const lines = (max: number) => z.string().max(max).transform(text => text.replaceAll('\r\n', '\n')).refine(text => !UNREADABLE_BUT_LINES.test(text), 'must be without control characters');

/** `true` or `false`, also as text. */
export const flag = z.union([z.boolean(), z.enum(['true', 'false']).transform(text => text === 'true')], { error: 'true or false' });

/** A whole number, also as text. */
export const wholeNumber = (least: number, most: number) => {
  const error = `a whole number from ${String(least)} to ${String(most)}`;
  return z.union([z.number(), z.string().regex(/^\d{1,9}$/).transform(Number)], { error }).refine(n => Number.isInteger(n) && n >= least && n <= most, error);
};

/** A moment to come (RFC 3339), as a Date. */
export const future = (now: () => Date) => z.iso.datetime({ offset: true, error: 'a time such as 2030-01-31T00:00:00Z' }).max(64)
  .transform(text => new Date(text)).refine(at => at > now(), 'must be in the future');

/** A list of short names, or one text with spaces between them. */
export const names = (most: number) => z.union([z.string().max(65 * most).transform(text => text.split(' ').filter(name => name !== '')), z.array(z.string())], { error: 'a list of names' })
  .pipe(z.array(z.string().regex(/^[A-Za-z0-9._-]{1,64}$/, 'letters, digits, dot, dash, underscore; at most 64')).max(most))
  .transform(list => [...new Set(list)].sort());

/** `?limit=&cursor=` of every list; a cursor is the id after which the page begins. */
export const PageRequest = z.strictObject({
  limit: wholeNumber(1, 200).default(50),
  cursor: z.string().regex(/^[A-Za-z0-9_-]{1,64}$/, 'the next_cursor of an earlier answer').optional(),
});
