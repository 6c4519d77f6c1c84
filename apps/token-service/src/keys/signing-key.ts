import { createCipheriv, createDecipheriv, createHash, createPrivateKey, generateKeyPairSync, hkdfSync, KeyObject, randomBytes, sign } from 'node:crypto';
import { SigningKeyDocument, WrappedKey } from '@strowger/models/signing-keys/signing-keys.store';
import { DEPLOYMENT } from '@strowger/oauth-core/facts';

const IV_BYTES = 12, HALF = 32;
const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');

/** A key of `STROWGER_KEYS`, under which private keys are encrypted at rest. */
export interface WrappingKey { readonly id: string; readonly secret: Buffer }
const wrappingBytes = ({ secret }: WrappingKey): Buffer => Buffer.from(hkdfSync('sha256', secret, '', 'strowger signing keys', 32));

/** Makes a P-256 key and its document; `kid` is the RFC 7638 thumbprint. `longestTokenSeconds`: the longest life of a token that it may sign. */
export function makeSigningKey(wrapping: WrappingKey, status: 'active' | 'next', longestTokenSeconds: number, now: Date): SigningKeyDocument {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const { kty = 'EC', crv = 'P-256', x = '', y = '' } = publicKey.export({ format: 'jwk' });
  const kid = createHash('sha256').update(JSON.stringify({ crv, kty, x, y })).digest('base64url');
  return {
    _id: kid, tenant_id: DEPLOYMENT, version: 1, status, ...(status === 'active' ? { active: true } : { next: true }), public_jwk: { kty, crv, x, y },
    private_key: wrapPrivateKey(kid, privateKey, wrapping), longest_token_seconds: longestTokenSeconds, created_at: now,
  };
}

/** Encrypts a private key for the document of this `kid`, and for no other. */
export function wrapPrivateKey(kid: string, privateKey: KeyObject, wrapping: WrappingKey): WrappedKey {
  const iv = randomBytes(IV_BYTES);
  const cipher = createCipheriv('aes-256-gcm', wrappingBytes(wrapping), iv).setAAD(Buffer.from(kid));
  const data = Buffer.concat([cipher.update(privateKey.export({ format: 'der', type: 'pkcs8' })), cipher.final()]);
  return { wrapped_by: wrapping.id, iv, tag: cipher.getAuthTag(), data };
}

/** Decrypts a stored private key. @throws RangeError - its wrapping key is not in STROWGER_KEYS, or it has none any more; Error - it was tampered with */
export function unwrapSigningKey({ _id, private_key }: SigningKeyDocument, wrapping: readonly WrappingKey[]): KeyObject {
  if (!private_key) throw new RangeError(`the key ${_id} signs no more`);
  const { wrapped_by, iv, tag, data } = private_key;
  const wrap = wrapping.find(one => one.id === wrapped_by);
  if (!wrap) throw new RangeError(`the signing key is wrapped by ${wrapped_by}, which STROWGER_KEYS does not name`);
  const decipher = createDecipheriv('aes-256-gcm', wrappingBytes(wrap), iv).setAAD(Buffer.from(_id)).setAuthTag(tag);
  return createPrivateKey({ key: Buffer.concat([decipher.update(data), decipher.final()]), format: 'der', type: 'pkcs8' });
}

/** Signs JWTs (RFC 7515 compact, ES256) with one key, in the calling turn: that costs half of what the thread pool does. */
export class TokenSigner {
  private readonly header: string;

  /** `key` is bare: with `dsaEncoding` in an options object signing takes twice as long. */
  constructor(readonly kid: string, private readonly key: KeyObject) { this.header = encode({ alg: 'ES256', typ: 'at+jwt', kid }); }

  sign(claims: object): string {
    const input = `${this.header}.${encode(claims)}`;
    return `${input}.${rawSignature(sign('sha256', Buffer.from(input), this.key)).toString('base64url')}`;
  }
}

/** An ECDSA signature from ASN.1 DER to the 64 bytes of RFC 7518 §3.4. */
function rawSignature(der: Buffer): Buffer {
  const raw = Buffer.alloc(2 * HALF);
  const rLength = der.readUInt8(3), sStart = 4 + rLength + 2;
  place(der.subarray(4, 4 + rLength), raw, 0);
  place(der.subarray(sStart, sStart + der.readUInt8(sStart - 1)), raw, HALF);
  return raw;
}
function place(integer: Buffer, raw: Buffer, at: number): void {
  const digits = integer.length > HALF ? integer.subarray(integer.length - HALF) : integer;
  digits.copy(raw, at + HALF - digits.length);
}
