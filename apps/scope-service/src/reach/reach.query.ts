import { z } from 'zod';
import { pageLimit } from '@strowger/service/page-limit';

const ID = /^[A-Za-z0-9_-]{1,64}$/, TOKEN_ID_BYTES = 16;
const Text = z.union([z.tuple([z.literal('a'), z.string().regex(ID)]), z.tuple([z.literal('t'), z.string().regex(ID)]), z.tuple([z.literal('t'), z.string().regex(ID), z.int().nonnegative(), z.string().regex(ID)])]);

/** Where a walk stands: after this application. */
export interface ApplicationPosition { readonly of: 'applications'; readonly application: string }
/** Where a walk stands: after this token of this account; without a token, after the whole account. */
export interface AccountPosition { readonly of: 'tokens'; readonly account: string; readonly token?: { readonly exp: number; readonly id: Buffer } }
export type ReachPosition = ApplicationPosition | AccountPosition;

/** The text of a position, which its reader takes as it is. */
export function cursorOf(position: ReachPosition): string {
  if (position.of === 'applications') return encoded(['a', position.application]);
  const { account, token } = position;
  return encoded(token ? ['t', account, token.exp, token.id.toString('base64url')] : ['t', account]);
}
const encoded = (parts: readonly (string | number)[]): string => Buffer.from(JSON.stringify(parts)).toString('base64url');

function positionOf(cursor: string): ReachPosition | undefined {
  let parts: unknown;
  try { parts = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8')); } catch { return undefined; }
  const { data } = Text.safeParse(parts);
  if (!data) return undefined;
  if (data[0] === 'a') return { of: 'applications', application: data[1] };
  const [, account, exp, text] = data;
  if (exp === undefined || text === undefined) return { of: 'tokens', account };
  const id = Buffer.from(text, 'base64url');
  return id.length === TOKEN_ID_BYTES ? { of: 'tokens', account, token: { exp, id } } : undefined;
}

/** `GET /api/scopes/{scope}/reach`: `of` one of both, by default the first page of each; a cursor goes on with the one it came from. */
export const ReachQuery = z.strictObject({
  of: z.enum(['applications', 'tokens']).optional(),
  limit: pageLimit,
  cursor: z.string().max(256).transform((text, context) => {
    const position = positionOf(text);
    if (position && cursorOf(position) === text) return position;
    context.addIssue({ code: 'custom', message: 'not a cursor that a list returned' });
    return z.NEVER;
  }).optional(),
}).refine(({ of, cursor }) => cursor === undefined || cursor.of === of, { path: ['cursor'], error: 'goes with of=applications or of=tokens, as the list that it came from' });
export type ReachQuery = z.infer<typeof ReachQuery>;
