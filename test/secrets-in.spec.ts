import * as fc from 'fast-check';
import { secretsIn } from './secrets-in';

test('finds exactly the secrets that stand in a text, at its ends too, however alike they are', () => {
  const secret = fc.string({ unit: fc.constantFrom('a', 'b', '☎', '.'), minLength: 1, maxLength: 40 });
  fc.assert(fc.property(fc.array(secret, { maxLength: 12 }), fc.array(fc.oneof(secret, fc.nat(11)), { maxLength: 12 }), (secrets, parts) => {
    const text = parts.map(part => typeof part === 'string' ? part : secrets[part] ?? '').join('');
    expect(secretsIn(text, secrets).sort()).toEqual([...new Set(secrets)].filter(one => text.includes(one)).sort());
  }), { numRuns: 500 });
});
test('takes one pass: thousands of secrets in megabytes are no matter', () => {
  const text = 'header.payload.signature '.repeat(200_000), secrets = Array.from({ length: 5000 }, (_, i) => `header.payload.${String(i).padStart(43, 'x')}`);
  expect(secretsIn(`${text}${secrets[4321] ?? ''}${text}`, secrets)).toEqual([secrets[4321]]);
});
