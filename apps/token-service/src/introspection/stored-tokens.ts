import { hash as hashOf, timingSafeEqual } from 'node:crypto';
import { AccessTokenDocument, claimsOf } from '@strowger/models/access-tokens/access-tokens.schema';
import { activeStanding } from '@strowger/oauth-core/active-token';
import { AccessTokenClaims } from '@strowger/oauth-core/facts';
import { Facts, Grants } from '@strowger/oauth-core/ports';
import { Standing } from '@strowger/oauth-core/standing';

/** A token that is active: its claims as issued, and what stands behind it now. */
export interface ActiveToken { readonly claims: AccessTokenClaims; readonly username: string; readonly standing: Standing }
/** Where stored tokens are read, by their 16-byte id. */
export interface TokenReads { byId(id: Buffer): Promise<AccessTokenDocument | undefined> }

const ID_BYTES = 16, MAX_TOKEN_LENGTH = 8192;

/**
 * Judges access tokens by what is stored: the token is found by its id and compared by the hash of its whole text, so
 * that a forged one with a known `jti`, or one with a flipped character, is inactive without a signature check.
 */
export class StoredTokens {
  /** A document that is read again unchanged is the same object, and its claims are put together once. */
  private readonly claims = new WeakMap<AccessTokenDocument, AccessTokenClaims>();

  constructor(private readonly tokens: TokenReads, private readonly grants: Grants, private readonly facts: Facts, private readonly now: () => Date) {}

  /** The token, if it is active. `fresh`: applications, accounts and tenants are read now, not taken from the cache. */
  async active(text: string, how: { fresh: boolean }): Promise<ActiveToken | undefined> {
    const token = await this.find(text);
    return token && this.judge(token, how);
  }

  /** What is stored of a token, active or not. Whatever is no token at all is looked for like one, so that a database that is away shows. */
  async find(text: string): Promise<AccessTokenDocument | undefined> {
    if (text.length > MAX_TOKEN_LENGTH) return undefined;
    const hash = hashOf('sha256', text, 'buffer');
    const id = (text.includes('.') ? jtiOf(text) : undefined) ?? hash.subarray(0, ID_BYTES);
    const token = await this.tokens.byId(id);
    return token && timingSafeEqual(hash, token.hash) ? token : undefined;
  }

  /** What is stored under an id of 16 bytes, active or not. */
  async byId(id: Buffer): Promise<AccessTokenDocument | undefined> { return this.tokens.byId(id); }

  /** A stored token, if it is active; `how` as above. */
  async judge(token: AccessTokenDocument, how: { fresh: boolean }): Promise<ActiveToken | undefined> {
    if (!this.isLive(token)) return undefined;
    let claims = this.claims.get(token);
    if (!claims) this.claims.set(token, claims = claimsOf(token));
    const standing = await activeStanding(claims, { facts: this.facts, grants: this.grants }, how);
    if (!standing) return undefined;
    return { claims, username: token.username, standing };
  }

  /** Whether a token was neither revoked nor has ended; whether its grant and its rights hold is another question. */
  isLive(token: AccessTokenDocument): boolean { return !token.revoked_at && token.exp * 1000 > this.now().getTime(); }
}

/** The id that a JWT names, unverified; undefined where the text is no JWT of ours. */
function jtiOf(text: string): Buffer | undefined {
  const [, payload, , more] = text.split('.');
  if (payload === undefined || more !== undefined) return undefined;
  try {
    const claims: unknown = JSON.parse(Buffer.from(payload, 'base64url').toString('utf8'));
    if (typeof claims !== 'object' || claims === null || !('jti' in claims) || typeof claims.jti !== 'string') return undefined;
    const id = Buffer.from(claims.jti, 'base64url');
    return id.length === ID_BYTES ? id : undefined;
  } catch {
    return undefined;
  }
}
