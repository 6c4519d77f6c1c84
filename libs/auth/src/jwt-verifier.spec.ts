import { createHmac, generateKeyPairSync, sign } from 'node:crypto';
import { AccessTokenClaims } from '@strowger/oauth-core/facts';
import { JwtVerifier, Verified } from './jwt-verifier';
import { claimsOf, ISSUER, Signer } from './offline-guard.fixture';

const NOW = 1_000_000;
const signer = new Signer(), other = new Signer();
const asked: string[] = [];
const verifier = new JwtVerifier({ find: kid => { asked.push(kid); return Promise.resolve(kid === signer.kid ? signer.publicKey : undefined); } }, { issuer: ISSUER, audience: `${ISSUER}/api`, skewSeconds: 60 }, () => NOW);
const verify = (token: string): Promise<Verified> => verifier.verify(token);
const signed = (change: object, header?: object | string): string => signer.sign({ ...claimsOf(), ...change }, header);
const base64 = (text: string): string => Buffer.from(text).toString('base64url');
const withoutClaim = (name: keyof AccessTokenClaims): string => signer.sign(Object.fromEntries(Object.entries(claimsOf()).filter(([key]) => key !== name)));
const flip = (text: string, at: number): string => text.slice(0, at) + (text[at] === 'A' ? 'B' : 'A') + text.slice(at + 1);

it('takes a token of this issuer for this audience, and gives its claims', async () => {
  expect(await verify(signed({}))).toEqual({ claims: claimsOf(), kid: signer.kid });
  const full = { grant_id: 'g', switchboards: ['s'], owner: 'o', actor_owners: ['p', 'q'], act: { sub: 'x', act: { sub: 'y' } }, rights: { tenant: 1, application: 2, account: 3, owner: 4, actors: [5, 6], actor_owners: [7, 8] } };
  expect(await verify(signed({ ...full, surprise: 1 }))).toEqual({ claims: { ...claimsOf(), ...full }, kid: signer.kid });
});

it('cannot say of a key that it does not know, and says so', async () => { expect(await verify(other.sign(claimsOf()))).toBe('unknown key'); });

const input = `${base64(JSON.stringify(signer.header()))}.${base64(JSON.stringify(claimsOf()))}`;
const hmacKey = signer.publicKey.export({ type: 'spki', format: 'pem' });
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const derSignature = sign('sha256', Buffer.from(input), signer.privateKey).toString('base64url');
const hs256 = `${base64(JSON.stringify({ alg: 'HS256', typ: 'at+jwt', kid: signer.kid }))}.${base64(JSON.stringify(claimsOf()))}`;
const rs256 = `${base64(JSON.stringify({ alg: 'RS256', typ: 'at+jwt', kid: signer.kid }))}.${base64(JSON.stringify(claimsOf()))}`;
const good = signed({}), [goodHeader = '', goodPayload = '', goodSignature = ''] = good.split('.');
/** Every signature is another one; of some that have a hyphen. */
let withHyphen = good;
while (!withHyphen.includes('-')) withHyphen = signed({});
const forgeries: [string, string][] = [
  ...['none', 'None', 'nOnE', '', 'es256', 'ES384', 'HS256'].map((alg): [string, string] => [`alg ${alg}`, signed({}, signer.header({ alg }))]),
  ['alg none and no signature', `${base64(JSON.stringify({ alg: 'none', typ: 'at+jwt', kid: signer.kid }))}.${goodPayload}.`],
  ['HS256 with the public key as its secret', `${hs256}.${createHmac('sha256', hmacKey).update(hs256).digest('base64url')}`],
  ['RS256 by a key of the sender\'s own', `${rs256}.${sign('sha256', Buffer.from(rs256), rsa.privateKey).toString('base64url')}`],
  ...[{ jwk: other.jwk() }, { jku: 'https://evil.example/jwks' }, { x5u: 'https://evil.example/x5u' }, { x5c: ['AA'] }, { crit: ['exp'] }, { crit: [] }, { b64: false }, { zip: 'DEF' }, { surprise: 1 }]
    .map((more): [string, string] => [`header ${Object.keys(more).join()}`, signed({}, signer.header(more))]),
  ...[undefined, 'JWT', 'AT+JWT', 'application/at+jwt', 'id_token', 1].map((typ): [string, string] => [`typ ${String(typ)}`, signed({}, signer.header({ typ }))]),
  ...['', 'k'.repeat(10_000), 7, ['k']].map((kid): [string, string] => [`kid ${String(kid).slice(0, 20)}`, signed({}, signer.header({ kid }))]),
  ['another issuer', signed({ iss: 'https://evil.example' })], ['an issuer with a slash', signed({ iss: `${ISSUER}/` })], ['another audience', signed({ aud: 'https://other/api' })], ['a list of audiences', signed({ aud: [`${ISSUER}/api`] })],
  ['exp as a text', signed({ exp: '2000000000' })], ['exp as a fraction', signed({ exp: 2e9 + 0.5 })], ['exp before iat', signed({ exp: NOW - 1 })], ['iat in the future', signed({ iat: NOW + 61 })],
  ['nbf in the future', signed({ nbf: NOW + 61 })], ['nbf as a text', signed({ nbf: '1' })], ['rights as texts', signed({ rights: { tenant: '1', application: 1, account: 1 } })], ['an unknown role', signed({ role: 'god' })],
  ['a scope that is a list', signed({ scope: ['rest'] })], ['an ID token', signer.sign({ iss: ISSUER, sub: 'alice', aud: 'c', exp: 2e9, iat: NOW, nonce: 'n' })],
  ...(['exp', 'iat', 'iss', 'aud', 'sub', 'jti', 'rights', 'read_only', 'access_level', 'account_kind', 'tenant_id'] as const).map((name): [string, string] => [`no ${name}`, withoutClaim(name)]),
  ['a payload that is no JSON', signer.sign('{')], ['a payload that is a list', signer.sign('[]')], ['a payload that is null', signer.sign('null')], ['a header that is no JSON', signer.sign(claimsOf(), '{')],
  ['a header that is twice said', signed({}, `{"alg":"none","alg":"ES384","typ":"at+jwt","kid":"${signer.kid}"}`)],
  ['another\'s claims', `${goodHeader}.${base64(JSON.stringify(claimsOf({ sub: 'bob' })))}.${goodSignature}`],
  ['a signature in DER', `${input}.${derSignature}`], ['no signature', `${goodHeader}.${goodPayload}.`], ['a signature of zeros', `${goodHeader}.${goodPayload}.${Buffer.alloc(64).toString('base64url')}`],
  ['a flipped character', flip(good, goodHeader.length + 5)], ['a flipped character of the signature', flip(good, good.length - 20)],
  ['spare bits of base64url', `${goodHeader}.${goodPayload}.${goodSignature.slice(0, -1)}${String.fromCharCode((goodSignature.at(-1) ?? 'A').charCodeAt(0) + 1)}`], ['padding', `${good}==`], ['base64 for base64url', withHyphen.replace('-', '+')],
  ['two parts', `${goodHeader}.${goodPayload}`], ['four parts', `${good}.x`], ['dots', '...'], ['nothing', '.'],
];
it.each(forgeries)('S72: refuses %s', async (_name, token) => { expect(await verify(token)).toBe('forged'); });
it.each(['../../dev/null', '\' OR 1=1 --', '{"$ne":null}', '__proto__'])('S72: looks for the key %j by its name alone, and finds none', async kid => {
  asked.length = 0;
  expect(await verify(signed({}, signer.header({ kid })))).toBe('unknown key');
  expect(asked).toEqual([kid]);
});
it('allows between the clocks what the deployment says', async () => {
  for (const change of [{ iat: NOW + 60 }, { nbf: NOW + 60 }]) expect(await verify(signed(change))).not.toBe('forged');
  const wide = new JwtVerifier({ find: () => Promise.resolve(signer.publicKey) }, { issuer: ISSUER, audience: `${ISSUER}/api`, skewSeconds: 120 }, () => NOW);
  expect(await wide.verify(signed({ iat: NOW + 120 }))).not.toBe('forged');
  expect(await wide.verify(signed({ iat: NOW + 121 }))).toBe('forged');
});
