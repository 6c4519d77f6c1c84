import { z } from 'zod';
import { normalUsername } from '@strowger/models/accounts/accounts.reader';
import { AccessType, accessTypes, AccountKind, Role, roles } from '@strowger/oauth-core/facts';
import { OAuthError } from '@strowger/oauth-core/oauth-error';
import { flag, names } from '../request-fields';

const MAX_SWITCHBOARDS = 100;
const MAX_USERNAME = 128;

export const Username = z.string().max(MAX_USERNAME).transform(normalUsername)
  .refine(name => /^[a-z0-9][a-z0-9._@+-]*$/.test(name), `letters a-z, digits, dot, dash, underscore, plus and @, beginning with a letter or digit; at most ${String(MAX_USERNAME)}`);
/** One local part and one domain; linear in the length of what was typed. */
const email = z.string().max(MAX_USERNAME).transform(normalUsername).refine(text => /^[a-z0-9][a-z0-9._+-]*@[a-z0-9-]+(?:\.[a-z0-9-]+)*$/.test(text), 'an e-mail address');
/** Judged by the password hasher; here only bounded. */
const password = z.string().max(1024, 'a password has at most 256 characters');
const extension = z.string().regex(/^[A-Za-z0-9._-]{1,32}$/, 'an extension: letters, digits, dot, dash, underscore; at most 32');
const given = {
  password: password.exactOptional(),
  generate_password: flag.exactOptional(),
  role: z.enum(roles).exactOptional(),
  access: z.enum(accessTypes).exactOptional(),
  impersonation: flag.exactOptional(),
};
const Body = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('user'), username: Username, email: email.exactOptional(), ...given, switchboards: names(MAX_SWITCHBOARDS).exactOptional(), extension_id: extension.exactOptional() }),
  z.strictObject({
    kind: z.literal('api_access'), email, owner: z.string().regex(/^[0-9a-f]{32}$/, 'the id of an account').exactOptional(),
    ...given, switchboards: names(MAX_SWITCHBOARDS).exactOptional(), extension_id: extension.exactOptional(),
  }),
], { error: 'kind must be user or api_access' });
const ChangeBody = z.strictObject({
  ...given, current_password: password.exactOptional(), status: z.enum(['active', 'blocked']).exactOptional(),
  switchboards: names(MAX_SWITCHBOARDS).nullable().exactOptional(), extension_id: extension.nullable().exactOptional(),
});

/** A password that somebody typed, or one to be made and shown once. */
export type WantedPassword = { readonly typed: string } | 'generate';

/** The account somebody asks for. `switchboards` absent: every one. */
export interface NewAccountRequest {
  readonly kind: AccountKind;
  /** Of an API access its e-mail (seed 003). */
  readonly username: string;
  readonly email?: string;
  readonly password: WantedPassword;
  readonly role?: Role;
  readonly access?: AccessType;
  readonly impersonation?: boolean;
  readonly switchboards?: string[];
  readonly extension_id?: string;
  readonly owner?: string;
}

/** @throws ZodError, OAuthError invalid_request - naming the field */
export function newAccountOf(body: unknown): NewAccountRequest {
  const { password: typed, generate_password, ...rest } = Body.parse(body);
  const wanted = passwordOf(typed, generate_password);
  if (wanted === undefined) throw new OAuthError('invalid_request', 'password: give one, or generate_password true');
  if (rest.kind === 'api_access' && rest.role !== undefined) throw new OAuthError('invalid_request', 'role: an API access has none of its own; with impersonation it acts with its owner\'s');
  if (rest.kind === 'user' && rest.impersonation === true) throw new OAuthError('invalid_request', 'impersonation: only an API access has it');
  return { ...rest, username: rest.kind === 'user' ? rest.username : rest.email, password: wanted };
}

/** What an account is asked to become; `null` takes a field away (of switchboards: the restriction), what is absent stays. */
export interface AccountChange {
  readonly password?: WantedPassword;
  readonly currentPassword?: string;
  readonly status?: 'active' | 'blocked';
  readonly role?: Role;
  readonly access?: AccessType;
  readonly impersonation?: boolean;
  readonly switchboards?: string[] | null;
  readonly extension_id?: string | null;
}

/** @throws ZodError, OAuthError invalid_request - naming the field */
export function accountChangeOf(body: unknown): AccountChange {
  const { password: typed, generate_password, current_password, ...rest } = ChangeBody.parse(body);
  const wanted = passwordOf(typed, generate_password);
  if (current_password !== undefined && wanted === undefined) throw new OAuthError('invalid_request', 'current_password: it goes with password');
  return { ...rest, ...(wanted && { password: wanted }), ...(current_password !== undefined && { currentPassword: current_password }) };
}

function passwordOf(typed: string | undefined, generate: boolean | undefined): WantedPassword | undefined {
  if (typed !== undefined && generate === true) throw new OAuthError('invalid_request', 'password: give one, or generate_password true, not both');
  return typed !== undefined ? { typed } : generate === true ? 'generate' : undefined;
}
