import { generateClientId, generatePassword, generateSecret, hashSecret, secretMatches } from './client-secret';

const MANY = 10_000;
describe.each([
  { name: 'generateSecret', generate: generateSecret, shape: /^[0-9a-f]{32}$/ },
  { name: 'generateClientId', generate: generateClientId, shape: /^[0-9a-f]{32}$/ },
  { name: 'generatePassword', generate: generatePassword, shape: /^([0-9a-hjkmnp-tv-z]{5}-){3}[0-9a-hjkmnp-tv-z]{5}$/ },
])('S58: $name', ({ generate, shape }) => {
  const made = Array.from({ length: MANY }, generate);
  it('has its shape, and never repeats', () => {
    expect(made.filter(text => !shape.test(text))).toEqual([]);
    expect(new Set(made).size).toBe(MANY);
  });
  it('uses every letter in every place about equally: no shared prefix, no fixed bit', () => {
    for (let place = 0; place < (made[0]?.length ?? 0); place++) {
      const counts = new Map<string, number>();
      for (const text of made) counts.set(text.charAt(place), (counts.get(text.charAt(place)) ?? 0) + 1);
      if (counts.has('-')) { expect(counts.size).toBe(1); continue; }
      const expected = MANY / (made[0]?.length === 32 ? 16 : 32);
      expect(counts.size).toBe(MANY / expected);
      for (const count of counts.values()) expect(Math.abs(count - expected)).toBeLessThan(8 * Math.sqrt(expected));
    }
  });
});

describe('secretMatches', () => {
  const secret = generateSecret();
  const stored = hashSecret(secret);
  it('knows the secret by its SHA-256', () => {
    expect(hashSecret('abc').toString('hex')).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
    expect(secretMatches(stored, secret)).toBe(true);
  });
  it('S58: refuses a truncated, extended, case-flipped, empty or foreign one', () => {
    const upper = 'abcdef' + secret.slice(6);
    expect(secretMatches(hashSecret(upper), upper.toUpperCase())).toBe(false);
    for (const wrong of [secret.slice(0, -1), `${secret}0`, ` ${secret}`, '', generateSecret(), stored.toString('hex')]) expect(secretMatches(stored, wrong)).toBe(false);
  });
  it('S42: what is compared tells nothing of where a guess is wrong: a wrong last letter changes the hash from its beginning, as a wrong first one does', () => {
    const flipped = (text: string, place: number): string => `${text.slice(0, place)}${text.charAt(place) === '0' ? '1' : '0'}${text.slice(place + 1)}`;
    const alike = (one: Buffer, other: Buffer): number => one.findIndex((byte, at) => byte !== other[at]);
    const samples = Array.from({ length: 500 }, generateSecret);
    for (const place of [0, 31]) {
      const sharedBytes = samples.map(each => alike(hashSecret(each), hashSecret(flipped(each, place))));
      expect(Math.max(...sharedBytes)).toBeLessThanOrEqual(3);
      expect(sharedBytes.filter(shared => shared === 0).length).toBeGreaterThan(480);
    }
  });
  it('refuses a stored hash of another length instead of failing', () => {
    expect(secretMatches(stored.subarray(0, 31), secret)).toBe(false);
    expect(secretMatches(Buffer.alloc(0), '')).toBe(false);
  });
});
