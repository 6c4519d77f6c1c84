import { Schema } from 'mongoose';
import { AccessTokenClaims, TokenFormat } from '@strowger/oauth-core/facts';
import { IndexSpec } from '../database';

export const ACCESS_TOKENS = 'access_tokens';

/**
 * An issued access token at rest: its claims, and all that its event says. `_id` is 16 bytes: the JWT's `jti`, or the
 * start of an opaque token's SHA-256. `hash` is the SHA-256 of the whole text, which itself is never stored.
 */
export interface AccessTokenDocument extends Omit<AccessTokenClaims, 'jti'> {
  _id: Buffer;
  hash: Buffer;
  version: number;
  token_format: TokenFormat;
  grant_type: string;
  client_name: string;
  username: string;
  secret_id?: string;
  ip?: string;
  user_agent?: string;
  request_id?: string;
  /** The refresh generation it was answered with, where it came from a refresh. */
  generation?: number;
  revoked_at?: Date;
  issued_at: Date;
}

const required = { type: String, required: true } as const;
const number = { type: Number, required: true } as const;
export const accessTokenSchema = new Schema<AccessTokenDocument>({
  _id: { type: Buffer, required: true }, hash: { type: Buffer, required: true }, version: number, tenant_id: required, iss: required, sub: required, aud: required,
  client_id: required, exp: number, iat: number, scope: required, application_id: required, grant_id: String, account_kind: required, role: required,
  access_level: required, read_only: { type: Boolean, required: true }, impersonation: { type: Boolean, required: true },
  switchboards: { type: [String], default: undefined }, owner: String, actor_owners: { type: [String], default: undefined }, rights: { type: Schema.Types.Mixed, required: true }, act: Schema.Types.Mixed,
  token_format: required, grant_type: required, client_name: required, username: required, secret_id: String, ip: String, user_agent: String,
  request_id: String, generation: Number, revoked_at: Date, issued_at: { type: Date, required: true },
}, { versionKey: false });

/** The second serves the lists of live tokens and the janitor alike: both go account by account. */
export const accessTokenIndexes: readonly IndexSpec[] = [{ key: { grant_id: 1 }, options: { sparse: true } }, { key: { sub: 1, exp: 1, _id: 1 } }, { key: { iat: 1 } }];

/** The claims of a stored token, as they were issued. */
export function claimsOf(token: AccessTokenDocument): AccessTokenClaims {
  const { iss, sub, aud, client_id, exp, iat, scope, tenant_id, application_id, grant_id, account_kind, role, access_level, read_only, impersonation, switchboards, owner, actor_owners, rights, act } = token;
  return {
    iss, sub, aud, client_id, exp, iat, jti: token._id.toString('base64url'), scope, tenant_id, application_id, ...(grant_id !== undefined && { grant_id }),
    account_kind, role, access_level, read_only, impersonation, ...(switchboards && { switchboards }), ...(owner !== undefined && { owner }), ...(actor_owners && { actor_owners }), rights, ...(act && { act }),
  };
}
