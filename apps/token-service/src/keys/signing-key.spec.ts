import { createHash, createPublicKey, KeyObject, randomBytes, verify } from 'node:crypto';
import { SigningKeyDocument } from '@strowger/models/signing-keys/signing-keys.store';
import { makeSigningKey, TokenSigner, unwrapSigningKey } from './signing-key';

const wrapping = { id: 'k1', secret: Buffer.alloc(32, 1) }, next = { id: 'k2', secret: Buffer.alloc(32, 2) };
const now = new Date('2026-01-01T00:00:00.000Z');
const publicOf = (document: SigningKeyDocument): KeyObject => createPublicKey({ key: document.public_jwk, format: 'jwk' });
const verified = (token: string, key: KeyObject): boolean => {
  const [header = '', payload = '', signature = ''] = token.split('.');
  return verify('sha256', Buffer.from(`${header}.${payload}`), { key, dsaEncoding: 'ieee-p1363' }, Buffer.from(signature, 'base64url'));
};

describe('a signing key at rest', () => {
  const document = makeSigningKey(wrapping, 'active', 3600, now);
  it('is named by the RFC 7638 thumbprint of its public half', () => {
    const { crv, kty, x, y } = document.public_jwk;
    expect(document._id).toBe(createHash('sha256').update(`{"crv":"${crv}","kty":"${kty}","x":"${x}","y":"${y}"}`).digest('base64url'));
    expect(document.public_jwk).not.toHaveProperty('d');
  });
  it('is encrypted: its private half stands nowhere in the document, and opens with its wrapping key alone', () => {
    const key = unwrapSigningKey(document, [next, wrapping]), secret = Buffer.from(key.export({ format: 'jwk' }).d ?? '', 'base64url');
    expect(secret).toHaveLength(32);
    expect(document.private_key?.data.includes(secret)).toBe(false);
    expect(() => unwrapSigningKey(document, [next])).toThrow('k1');
    expect(() => unwrapSigningKey(document, [{ id: 'k1', secret: Buffer.alloc(32, 9) }])).toThrow();
  });
  it('that signs no more has nothing to open', () => {
    const ended = { ...document };
    delete ended.private_key;
    expect(() => unwrapSigningKey(ended, [wrapping])).toThrow('signs no more');
  });
  it('that was tampered with, or put under another name, does not open', () => {
    const { private_key } = document, flipped = Buffer.from(private_key?.data ?? []);
    flipped.writeUInt8(flipped.readUInt8(40) ^ 1, 40);
    expect(() => unwrapSigningKey({ ...document, ...(private_key && { private_key: { ...private_key, data: flipped } }) }, [wrapping])).toThrow();
    expect(() => unwrapSigningKey({ ...document, _id: 'another' }, [wrapping])).toThrow();
  });
});

describe('a signature', () => {
  it('is 64 bytes and verified, whatever the lengths of its numbers in DER', () => {
    const document = makeSigningKey(wrapping, 'active', 3600, now), signer = new TokenSigner(document._id, unwrapSigningKey(document, [wrapping])), key = publicOf(document);
    let short = 0;
    // One of 128 has a short number: once in twelve thousand runs there is none among 1,200.
    for (let i = 0; i < 1200 || (short === 0 && i < 12_000); i++) {
      const token = signer.sign({ jti: i, pad: randomBytes(8).toString('hex') }), signature = Buffer.from(token.split('.')[2] ?? '', 'base64url');
      expect(signature).toHaveLength(64);
      expect(verified(token, key)).toBe(true);
      if (signature[0] === 0 || signature[32] === 0) short++;
    }
    expect(short).toBeGreaterThan(0);
  });
});
