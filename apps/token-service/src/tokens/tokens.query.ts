import { z } from 'zod';
import { pageLimit } from '@strowger/service/page-limit';

const ID_BYTES = 16;
const tokenId = (text: string): Buffer | undefined => {
  const id = Buffer.from(text, 'base64url');
  return id.length === ID_BYTES && id.toString('base64url') === text ? id : undefined;
};
const ACCOUNT_ID = /^[A-Za-z0-9_-]{1,64}$/;

/** Where a page ends: after this token of this account; without a token, after the whole account. */
export interface ListPosition { readonly account: string; readonly token?: { readonly exp: number; readonly id: Buffer } }

const Cursor = z.union([z.tuple([z.string().regex(ACCOUNT_ID)]), z.tuple([z.string().regex(ACCOUNT_ID), z.int().nonnegative(), z.string()])]);

/** The text of a position, which its reader takes as it is. */
export const cursorOf = ({ account, token }: ListPosition): string =>
  Buffer.from(JSON.stringify(token ? [account, token.exp, token.id.toString('base64url')] : [account])).toString('base64url');

function positionOf(cursor: string): ListPosition | undefined {
  let parts: unknown;
  try { parts = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8')); } catch { return undefined; }
  const { data } = Cursor.safeParse(parts);
  if (!data) return undefined;
  const [account, exp, id] = data;
  if (exp === undefined || id === undefined) return { account };
  const bytes = tokenId(id);
  return bytes && { account, token: { exp, id: bytes } };
}

/** `?limit=&cursor=&client_id=&account_id=` of GET `/oauth/tokens`. */
export const TokensQuery = z.strictObject({
  limit: pageLimit,
  cursor: z.string().max(256).transform((text, context) => {
    const position = positionOf(text);
    if (!position) context.addIssue({ code: 'custom', message: 'the next_cursor of an earlier answer' });
    return position;
  }).optional(),
  client_id: z.string().regex(/^([0-9a-f]{32}|api)$/, 'a client_id').optional(),
  account_id: z.string().regex(ACCOUNT_ID, 'the id of an account').optional(),
});
export type TokensQuery = z.infer<typeof TokensQuery>;

/** A `token_id` of a path: 16 bytes in base64url, in their one form; undefined where it is none. */
export const tokenIdOf = tokenId;
