import { createHash, createPublicKey, KeyObject, randomBytes, verify } from 'node:crypto';
import { SigningKeyDocument, SigningKeysStore } from '@strowger/models/signing-keys/signing-keys.store';
import { makeSigningKey, TokenSigner, unwrapSigningKey } from './signing-key';
import { SigningKeys } from './signing-keys';

const wrapping = { id: 'k1', secret: Buffer.alloc(32, 1) }, next = { id: 'k2', secret: Buffer.alloc(32, 2) };
const now = new Date('2026-01-01T00:00:00.000Z');
const publicOf = (document: SigningKeyDocument): KeyObject => createPublicKey({ key: document.public_jwk, format: 'jwk' });
const verified = (token: string, key: KeyObject): boolean => {
  const [header = '', payload = '', signature = ''] = token.split('.');
  return verify('sha256', Buffer.from(`${header}.${payload}`), { key, dsaEncoding: 'ieee-p1363' }, Buffer.from(signature, 'base64url'));
};

describe('a signing key at rest', () => {
  const document = makeSigningKey(wrapping, now);
  it('is named by the RFC 7638 thumbprint of its public half', () => {
    const { crv, kty, x, y } = document.public_jwk;
    expect(document._id).toBe(createHash('sha256').update(`{"crv":"${crv}","kty":"${kty}","x":"${x}","y":"${y}"}`).digest('base64url'));
    expect(document.public_jwk).not.toHaveProperty('d');
  });
  it('is encrypted: its private half stands nowhere in the document, and opens with its wrapping key alone', () => {
    const key = unwrapSigningKey(document, [next, wrapping]), secret = Buffer.from(key.export({ format: 'jwk' }).d ?? '', 'base64url');
    expect(secret).toHaveLength(32);
    expect(document.private_key.data.includes(secret)).toBe(false);
    expect(() => unwrapSigningKey(document, [next])).toThrow('k1');
    expect(() => unwrapSigningKey(document, [{ id: 'k1', secret: Buffer.alloc(32, 9) }])).toThrow();
  });
  it('that was tampered with, or put under another name, does not open', () => {
    const flipped = Buffer.from(document.private_key.data);
    flipped.writeUInt8(flipped.readUInt8(40) ^ 1, 40);
    expect(() => unwrapSigningKey({ ...document, private_key: { ...document.private_key, data: flipped } }, [wrapping])).toThrow();
    expect(() => unwrapSigningKey({ ...document, _id: 'another' }, [wrapping])).toThrow();
  });
});

describe('a signature', () => {
  it('is 64 bytes and verified, whatever the lengths of its numbers in DER', () => {
    const document = makeSigningKey(wrapping, now), signer = new TokenSigner(document._id, unwrapSigningKey(document, [wrapping])), key = publicOf(document);
    let short = 0;
    for (let i = 0; i < 1200; i++) {
      const token = signer.sign({ jti: i, pad: randomBytes(8).toString('hex') }), signature = Buffer.from(token.split('.')[2] ?? '', 'base64url');
      expect(signature).toHaveLength(64);
      expect(verified(token, key)).toBe(true);
      if (signature[0] === 0 || signature[32] === 0) short++;
    }
    expect(short).toBeGreaterThan(0);
  });
});

describe('the deployment\'s keys', () => {
  class OneStore {
    readonly keys: SigningKeyDocument[] = [];
    all = (): Promise<SigningKeyDocument[]> => Promise.resolve([...this.keys]);
    insertFirst = (key: SigningKeyDocument): Promise<boolean> => {
      if (this.keys.some(one => one.active)) return Promise.resolve(false);
      this.keys.push(key);
      return Promise.resolve(true);
    };
  }
  const over = (store: OneStore, keys = [wrapping]) => new SigningKeys(store as unknown as SigningKeysStore, keys, () => now);
  it('are one, which every instance signs with and publishes', async () => {
    const store = new OneStore(), [one, other] = [over(store), over(store)];
    expect(() => one.signer()).toThrow('starting');
    expect(() => one.jwks()).toThrow('starting');
    expect(one.isReady()).toBe(false);
    await Promise.all([one.load(), other.load()]);
    expect(store.keys).toHaveLength(1);
    expect([one.signer().kid, other.signer().kid]).toEqual([store.keys[0]?._id, store.keys[0]?._id]);
    expect(JSON.parse(other.jwks())).toEqual({ keys: [{ ...store.keys[0]?.public_jwk, kid: store.keys[0]?._id, use: 'sig', alg: 'ES256' }] });
    const [key] = store.keys;
    expect(key && verified(one.signer().sign({}), publicOf(key))).toBe(true);
  });
  it('open after a new wrapping key was put in front, as long as the old one is named', async () => {
    const store = new OneStore();
    await over(store).load();
    await over(store, [next, wrapping]).load();
    await expect(over(store, [next]).load()).rejects.toThrow('k1');
  });
});
