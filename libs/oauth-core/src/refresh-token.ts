import { createHmac, createSecretKey, hkdfSync, KeyObject, timingSafeEqual } from 'node:crypto';
import type { CodeState } from './authorization-code';
import { RightsVersions } from './facts';

/** Within this many seconds after a rotation the previous refresh token still gets its successor, and the new one itself. */
export const REFRESH_GRACE_SECONDS = 10;
/** For so long after a rotation an answer that was lost is made up for; afterwards the previous token is reuse. */
export const LOST_ANSWER_SECONDS = 7 * 24 * 3600;

/** What a refresh must know of a grant. `nonce`: 16 bytes; `generation`: of the live refresh token. */
export interface GrantFacts {
  readonly id: string;
  readonly tenant_id: string;
  readonly version: number;
  readonly application_id: string;
  readonly account_id: string;
  readonly grant_type: string;
  readonly scope: string;
  readonly key_id: string;
  readonly nonce: Buffer;
  readonly sign_out_versions: RightsVersions;
  readonly status: 'active' | 'revoked';
  readonly generation: number;
  readonly rotated_at?: Date;
  /** Of a grant that began with an authorization code. */
  readonly code?: CodeState;
  readonly created_at: Date;
  readonly expires_at: Date;
}

const GRANT_ID_BYTES = 16, GENERATION_BYTES = 4, MAC_BYTES = 32;
const TOKEN_BYTES = GRANT_ID_BYTES + GENERATION_BYTES + MAC_BYTES;

/** Keys that refresh tokens are derived with, by HKDF from the deployment's wrapping keys; the first is current. */
export class RefreshKeys {
  readonly currentId: string;
  /** Key objects: with a key in a Buffer an HMAC takes six times as long. */
  private readonly keys: ReadonlyMap<string, KeyObject>;

  /** `secrets`: 32 bytes each, in the order of `STROWGER_KEYS`. */
  constructor(secrets: readonly { readonly id: string; readonly secret: Buffer }[]) {
    const [first] = secrets;
    if (!first) throw new RangeError('at least one key');
    this.currentId = first.id;
    this.keys = new Map(secrets.map(({ id, secret }) => [id, createSecretKey(Buffer.from(hkdfSync('sha256', secret, '', 'strowger refresh tokens', 32)))]));
  }

  /** The refresh token of a grant's generation: a pure function, so that a lost answer can be given again. @throws RangeError - the key is gone */
  tokenOf(grant: Pick<GrantFacts, 'id' | 'key_id' | 'nonce'>, generation: number): string {
    const head = Buffer.alloc(GRANT_ID_BYTES + GENERATION_BYTES);
    Buffer.from(grant.id, 'base64url').copy(head);
    head.writeUInt32BE(generation, GRANT_ID_BYTES);
    return Buffer.concat([head, this.mac(grant, head)]).toString('base64url');
  }

  /** Whether the presented token was made from this grant. */
  made(grant: Pick<GrantFacts, 'id' | 'key_id' | 'nonce'>, presented: PresentedRefreshToken): boolean {
    return this.keys.has(grant.key_id) && timingSafeEqual(presented.mac, this.mac(grant, presented.head));
  }

  private mac(grant: Pick<GrantFacts, 'key_id' | 'nonce'>, head: Buffer): Buffer {
    const key = this.keys.get(grant.key_id);
    if (!key) throw new RangeError('the key of this grant is not known');
    return createHmac('sha256', key).update('refresh').update(head).update(grant.nonce).digest();
  }
}

/** A refresh token taken apart; nothing of it is believed yet. */
export interface PresentedRefreshToken { readonly grantId: string; readonly generation: number; readonly head: Buffer; readonly mac: Buffer }

/** Takes a refresh token apart; undefined where it is none, or does not re-encode to itself (base64url has spare bits). */
export function presentedRefreshToken(text: string): PresentedRefreshToken | undefined {
  const bytes = Buffer.from(text, 'base64url');
  if (bytes.length !== TOKEN_BYTES || bytes.toString('base64url') !== text) return undefined;
  const head = bytes.subarray(0, GRANT_ID_BYTES + GENERATION_BYTES);
  return {
    grantId: head.subarray(0, GRANT_ID_BYTES).toString('base64url'), generation: head.readUInt32BE(GRANT_ID_BYTES),
    head, mac: bytes.subarray(GRANT_ID_BYTES + GENERATION_BYTES),
  };
}

/** What becomes of a presented generation. `answer`: the generation whose refresh token is given, without moving anything. */
export type RefreshJudgement = { readonly answer: number } | { readonly rotate: true } | { readonly reuse: true } | { readonly unlessAnswered: number };

/**
 * Judges a generation against the grant by the database's clock: reuse, one more answer, or a rotation.
 * `unlessAnswered`: reuse if that generation was ever answered, else its answer was lost and is given again.
 */
export function judgeRefresh(grant: GrantFacts, generation: number, now: Date, graceSeconds: number): RefreshJudgement {
  const sinceRotation = grant.rotated_at ? (now.getTime() - grant.rotated_at.getTime()) / 1000 : Infinity;
  if (generation === grant.generation) return sinceRotation < graceSeconds ? { answer: grant.generation } : { rotate: true };
  if (generation !== grant.generation - 1) return { reuse: true };
  if (sinceRotation < graceSeconds) return { answer: grant.generation };
  return sinceRotation < LOST_ANSWER_SECONDS ? { unlessAnswered: grant.generation } : { reuse: true };
}
