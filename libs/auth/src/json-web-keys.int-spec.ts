import { JsonWebKeys } from './json-web-keys';
import { Signer } from './offline-guard.fixture';
import { StandIn } from './stand-in.fixture';

let standIn: StandIn, issuer: string;
beforeAll(async () => {
  standIn = new StandIn();
  issuer = await standIn.start();
});
afterAll(() => { standIn.stop(); });
beforeEach(() => { standIn.asked.length = 0; });

describe('JsonWebKeys', () => {
  const first = new Signer(), second = new Signer();
  let at = 0, keys: JsonWebKeys;
  beforeEach(() => {
    at = 0;
    keys = new JsonWebKeys(`${issuer}/.well-known/jwks.json`, { warn: () => undefined }, () => at);
    standIn.says({ keys: [first.jwk()] });
  });
  it('reads the set once, however many ask at once, and knows each key of it', async () => {
    expect((await Promise.all(Array.from({ length: 20 }, () => keys.find(first.kid)))).every(key => key !== undefined)).toBe(true);
    expect(standIn.asked.map(({ url }) => url)).toEqual(['GET /.well-known/jwks.json']);
  });
  it('S73: an unknown key is looked for once a minute at most, and found then', async () => {
    await keys.find(first.kid);
    for (let i = 0; i < 50; i++) expect(await keys.find(`unknown-${String(i)}`)).toBeUndefined();
    standIn.says({ keys: [first.jwk(), second.jwk()] });
    at = 59_999;
    expect(await keys.find(second.kid)).toBeUndefined();
    expect(standIn.asked).toHaveLength(1);
    at = 60_000;
    expect(await keys.find(second.kid)).toBeDefined();
    expect(standIn.asked).toHaveLength(2);
  });
  it('keeps what it has where the set cannot be read, and tries again for a first one within a second', async () => {
    standIn.says('gone', 503);
    expect(await keys.find(first.kid)).toBeUndefined();
    at = 1000;
    standIn.says({ keys: [first.jwk()] });
    expect(await keys.find(first.kid)).toBeDefined();
    standIn.says('gone', 503);
    at = 400_000;
    for (let i = 0; i < 3; i++) expect(await keys.find(first.kid)).toBeDefined();
    await keys.read();
    expect(keys.has(first.kid)).toBe(true);
  });
  it('a key that was taken back is gone after the next reading', async () => {
    await keys.find(first.kid);
    standIn.says({ keys: [second.jwk()] });
    at = 300_001;
    await keys.find(first.kid);
    await keys.read();
    expect([keys.has(first.kid), keys.has(second.kid)]).toEqual([false, true]);
  });
  it.each<[string, unknown]>([['no list', {}], ['a key of another curve', { keys: [{ ...first.jwk(), crv: 'P-384' }] }], ['a symmetric key', { keys: [{ kty: 'oct', k: 'AAAA', kid: first.kid }] }], ['a key for encryption', { keys: [{ ...first.jwk(), use: 'enc' }] }], ['a key without an id', { keys: [{ ...first.jwk(), kid: undefined }] }]])('S72: takes no key from %s', async (_name, set) => {
    standIn.says(set);
    expect(await keys.find(first.kid)).toBeUndefined();
  });
});
