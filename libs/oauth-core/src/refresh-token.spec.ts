import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { GrantFacts, judgeRefresh, LOST_ANSWER_SECONDS, presentedRefreshToken, RefreshKeys } from './refresh-token';

const keys = new RefreshKeys([{ id: 'k2', secret: Buffer.alloc(32, 2) }, { id: 'k1', secret: Buffer.alloc(32, 1) }]);
const grantWith = (fields: Partial<GrantFacts> = {}): GrantFacts => ({
  id: randomBytes(16).toString('base64url'), tenant_id: 't', version: 1, application_id: 'a', account_id: 'u', grant_type: 'password', scope: 'rest', key_id: 'k2', nonce: randomBytes(16),
  sign_out_versions: { tenant: 1, application: 1, account: 1 }, status: 'active', generation: 0, created_at: new Date(0), expires_at: new Date(1e12), ...fields,
});
const parsed = (text: string) => {
  const presented = presentedRefreshToken(text);
  if (!presented) throw new Error('no refresh token');
  return presented;
};

describe('a refresh token', () => {
  it('is a pure function of grant and generation, made with the grant\'s own key even after another became current', () => {
    const grant = grantWith({ key_id: 'k1' });
    const before = new RefreshKeys([{ id: 'k1', secret: Buffer.alloc(32, 1) }]);
    expect(before.tokenOf(grant, 7)).toBe(keys.tokenOf(grant, 7));
    expect(keys.currentId).toBe('k2');
    expect(parsed(keys.tokenOf(grant, 7))).toMatchObject({ grantId: grant.id, generation: 7 });
  });
  it('is another one for every grant, nonce, generation and key', () => {
    const grant = grantWith();
    const others = [keys.tokenOf(grant, 1), keys.tokenOf({ ...grant, nonce: randomBytes(16) }, 0), keys.tokenOf({ ...grant, id: grantWith().id }, 0), keys.tokenOf({ ...grant, key_id: 'k1' }, 0)];
    expect(new Set([keys.tokenOf(grant, 0), ...others]).size).toBe(5);
    for (const other of others) {
      const presented = parsed(other);
      expect(presented.grantId === grant.id && keys.made(grant, presented)).toBe(other === others[0]);
    }
  });
  it('is nobody\'s once the key of its grant is gone', () => {
    const grant = grantWith(), left = new RefreshKeys([{ id: 'k1', secret: Buffer.alloc(32, 1) }]);
    expect(left.made(grant, parsed(keys.tokenOf(grant, 0)))).toBe(false);
    expect(() => left.tokenOf(grant, 0)).toThrow(RangeError);
    expect(() => new RefreshKeys([])).toThrow(RangeError);
  });
  it('S58: truncated, extended, case-flipped, re-encoded, or with one other character, is none or was not made from the grant', () => {
    const grant = grantWith({ generation: 3 }), text = keys.tokenOf(grant, 3);
    const passes = (changed: string): boolean => { const presented = presentedRefreshToken(changed); return presented !== undefined && presented.grantId === grant.id && keys.made(grant, presented); };
    expect(passes(text)).toBe(true);
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
    for (let i = 0; i < text.length; i++) {
      for (const other of alphabet) if (other !== text[i]) expect(passes(text.slice(0, i) + other + text.slice(i + 1))).toBe(false);
      expect(passes(text.slice(0, i))).toBe(false);
    }
    for (const changed of [`${text}A`, `${text}=`, ` ${text}`, text.toUpperCase(), text.toLowerCase(), text.replaceAll('-', '+').replaceAll('_', '/') + '=', Buffer.from(text, 'base64url').toString('hex'), '']) expect(passes(changed)).toBe(false);
  });
  it('S58: has no prefix in common with another grant\'s, over 10,000', () => {
    const made = Array.from({ length: 10_000 }, () => keys.tokenOf(grantWith(), 0));
    expect(new Set(made.map(text => text.slice(0, 16))).size).toBe(made.length);
    expect(new Set(made.map(text => text.slice(-43))).size).toBe(made.length);
  });
  it('takes any text apart or refuses it, and never throws', () => {
    fc.assert(fc.property(fc.oneof(fc.string(), fc.base64String(), fc.uint8Array({ minLength: 52, maxLength: 52 }).map(bytes => Buffer.from(bytes).toString('base64url'))), text => {
      const presented = presentedRefreshToken(text);
      if (presented) expect(Buffer.concat([presented.head, presented.mac]).toString('base64url')).toBe(text);
    }));
  });
});

describe('a presented generation, judged', () => {
  const rotated = new Date('2026-01-01T00:00:00.000Z');
  const after = (seconds: number): Date => new Date(rotated.getTime() + seconds * 1000);
  const live = grantWith({ generation: 5, rotated_at: rotated });
  it.each([
    ['the first one, never rotated, rotates', grantWith(), 0, 0, { rotate: true }],
    ['the current one within the grace is answered with itself', live, 5, 9.999, { answer: 5 }],
    ['the current one after the grace rotates', live, 5, 10, { rotate: true }],
    ['S49: the previous one within the grace gets the same successor', live, 4, 9.999, { answer: 5 }],
    ['the previous one after the grace is reuse unless its successor was never answered', live, 4, 10, { unlessAnswered: 5 }],
    ['the previous one is reuse in any case after seven days', live, 4, LOST_ANSWER_SECONDS, { reuse: true }],
    ['one older than the previous is reuse at once', live, 3, 0, { reuse: true }],
    ['one that was never made is reuse', live, 6, 0, { reuse: true }],
  ])('%s', (_rule, grant, generation, seconds, judgement) => { expect(judgeRefresh(grant, generation, after(seconds), 10)).toEqual(judgement); });
});
