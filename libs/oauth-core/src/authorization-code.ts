import { createHmac, createSecretKey, hkdfSync, KeyObject, timingSafeEqual } from 'node:crypto';
import { GrantFacts } from './refresh-token';

/** How long a code may be exchanged (RFC 6749 §4.1.2: ten minutes at most), by the database's clock. */
export const AUTHORIZATION_CODE_SECONDS = 60;
/** A code that comes back so soon after its use is a double submit: refused, and nothing more. Later it is a replay. */
export const CODE_REPLAY_SECONDS = 10;

/** What a grant knows of its one authorization code. Times are the database's. */
export interface CodeState {
  /** Where the code was sent. */
  readonly redirect_uri: string;
  /** Whether the authorization request named it; the token request must then name it too (RFC 6749 §4.1.3). */
  readonly redirect_uri_named: boolean;
  /** PKCE, S256. */
  readonly challenge?: string;
  readonly issued_at: Date;
  readonly used_at?: Date;
}

const GRANT_ID_BYTES = 16, MAC_BYTES = 32;

/** Keys that authorization codes are derived with, by HKDF from the deployment's wrapping keys. */
export class CodeKeys {
  private readonly keys: ReadonlyMap<string, KeyObject>;

  /** `secrets`: 32 bytes each, as `STROWGER_KEYS` has them. */
  constructor(secrets: readonly { readonly id: string; readonly secret: Buffer }[]) {
    this.keys = new Map(secrets.map(({ id, secret }) => [id, createSecretKey(Buffer.from(hkdfSync('sha256', secret, '', 'strowger authorization codes', 32)))]));
  }

  /** The authorization code of a grant: a pure function, so that nothing secret is stored. @throws RangeError - the key is gone */
  codeOf(grant: Pick<GrantFacts, 'id' | 'key_id' | 'nonce'>): string {
    const id = Buffer.from(grant.id, 'base64url');
    return Buffer.concat([id, this.mac(grant, id)]).toString('base64url');
  }

  /** Whether the presented code was made from this grant. */
  made(grant: Pick<GrantFacts, 'id' | 'key_id' | 'nonce'>, presented: PresentedCode): boolean {
    return presented.grantId === grant.id && this.keys.has(grant.key_id) && timingSafeEqual(presented.mac, this.mac(grant, Buffer.from(grant.id, 'base64url')));
  }

  private mac(grant: Pick<GrantFacts, 'key_id' | 'nonce'>, id: Buffer): Buffer {
    const key = this.keys.get(grant.key_id);
    if (!key) throw new RangeError('the key of this grant is not known');
    return createHmac('sha256', key).update('code').update(id).update(grant.nonce).digest();
  }
}

/** An authorization code taken apart; nothing of it is believed yet. */
export interface PresentedCode { readonly grantId: string; readonly mac: Buffer }

/** Takes a code apart; undefined where it is none, or does not re-encode to itself. */
export function presentedCode(text: string): PresentedCode | undefined {
  const bytes = Buffer.from(text, 'base64url');
  if (bytes.length !== GRANT_ID_BYTES + MAC_BYTES || bytes.toString('base64url') !== text) return undefined;
  return { grantId: bytes.subarray(0, GRANT_ID_BYTES).toString('base64url'), mac: bytes.subarray(GRANT_ID_BYTES) };
}

/** What becomes of a code that passed every other check, by the database's clock. */
export type CodeJudgement = 'good' | 'expired' | 'used_just_now' | 'replayed';

/** Judges a code: a replay stays one after the code's own end, for it shows all the same that somebody else had it. */
export function judgeCode(code: CodeState, now: Date, windows: { readonly lifetimeSeconds: number; readonly replaySeconds: number }): CodeJudgement {
  const since = (then: Date): number => (now.getTime() - then.getTime()) / 1000;
  if (code.used_at) return since(code.used_at) < windows.replaySeconds ? 'used_just_now' : 'replayed';
  return since(code.issued_at) < windows.lifetimeSeconds ? 'good' : 'expired';
}
