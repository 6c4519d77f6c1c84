import { z } from 'zod';

const MAX_LIMIT = 200, DEFAULT_LIMIT = 50;

/** A form and a query have nothing but text: their numbers and flags are taken from it. */
const ofText = (value: unknown): unknown => (value === 'true' ? true : value === 'false' ? false : value);
const numberOf = (value: unknown): unknown => (typeof value === 'string' && /^\d{1,9}$/.test(value) ? Number(value) : value);
/** true or false. */
export const flag = z.preprocess(ofText, z.boolean());
/** A whole number within bounds. */
export const wholeNumber = (least: number, most: number) => z.preprocess(numberOf, z.int(`a whole number from ${String(least)} to ${String(most)}`).min(least).max(most));
/** Text that people write: no control characters, not blank. */
export const plainText = (most: number) => z.string().max(most).regex(/^\P{Cc}*$/u, 'no control characters').trim().min(1, 'not blank');
/** What an extension is called by: the account that it belongs to names it so. */
export const extensionNumber = z.string().regex(/^[A-Za-z0-9._-]{1,32}$/, 'the number of an extension');
/** What can be dialled: an extension, or a number with or without a country's code. */
export const phoneNumber = z.string().regex(/^\+?[0-9*#]{2,20}$/, 'a telephone number: digits, * and #, perhaps after +');
/** The id of anything in a list. */
export const recordId = z.string().regex(/^[A-Za-z0-9._-]{1,64}$/, 'an id');
/** A moment of ISO 8601, in UTC or with an offset. */
export const moment = z.iso.datetime({ offset: true });
export const email = z.string().max(128).regex(/^[A-Za-z0-9][A-Za-z0-9._+-]*@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*$/, 'an e-mail address');

/** Where a page ends, as the caller gets it back: opaque, and nothing but an id. */
export const cursorAfter = (id: string): string => Buffer.from(id).toString('base64url');
const cursor = z.string().max(128).refine(text => { const id = idIn(text); return recordId.safeParse(id).success && cursorAfter(id) === text; }, 'not a cursor that a list returned');
const idIn = (text: string): string => Buffer.from(text, 'base64url').toString('latin1');

/** What every list takes. */
export const pageFields = { limit: wholeNumber(1, MAX_LIMIT).optional(), cursor: cursor.optional() };
export const PageQuery = z.strictObject(pageFields);
/** How much of a list is wanted. */
export interface PageWish { readonly limit: number; readonly after?: string }
export const pageWish = (query: { readonly limit?: number | undefined; readonly cursor?: string | undefined }): PageWish =>
  ({ limit: query.limit ?? DEFAULT_LIMIT, ...(query.cursor !== undefined && { after: idIn(query.cursor) }) });

/** A list's answer. */
export const pageOf = <T extends z.ZodType>(item: T) => z.strictObject({ items: z.array(item), next_cursor: z.string().nullable() });
export const NoQuery = z.strictObject({});
