import { createHash } from 'node:crypto';
import { eventCatalogue } from '@strowger/contracts/event-catalogue';
import { Owing } from '@strowger/models/outbox/owed-messages';
import { TurnInsert } from '@strowger/models/turns/turn-writer';
import { account, application, tenant } from '@strowger/oauth-core/facts.fixture';
import { Decision, Grant } from '@strowger/oauth-core/grants/grant';
import { OAuthError } from '@strowger/oauth-core/oauth-error';
import { SigningKeys } from '../keys/signing-keys';
import { TokenServer } from './oauth2orize-token.server';
import { OutboxAge } from './outbox-age';
import { TokenIssuer } from './token-issuer';

const at = new Date('2026-01-01T00:00:00.999Z'), iat = Math.floor(at.getTime() / 1000);
const opaque = application({ token_format: 'opaque' });
interface Inserted { readonly document: TurnInsert['document']; readonly owing: readonly Owing[] }
function scene(): { issuer: TokenIssuer; inserted: Inserted[]; issued: string[] } {
  const inserted: Inserted[] = [], issued: string[] = [];
  const keys = { signer: () => ({ kid: 'k', sign: (claims: object) => `header.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.signature` }) } as unknown as SigningKeys;
  const turns = { insert: (insert: TurnInsert, owing: readonly Owing[]) => { inserted.push({ document: insert.document, owing }); return Promise.resolve(); } };
  const settings = { issuer: 'https://a.ex', audience: 'https://a.ex/api', longestTokenSeconds: 7200, issued: { tokenIssued: (grantType: string, format: string) => { issued.push(`${grantType} ${format}`); } } };
  return { issuer: new TokenIssuer(keys, turns, { service: 'token-service', instance: 'i' }, settings), inserted, issued };
}
const request = { client: application(), params: new Map<string, string>(), at, origin: { ip: '192.0.2.1', user_agent: 'test', request_id: 'r' } };
const decision = (fields: Partial<Decision['standing']> = {}, more: Partial<Decision> = {}): Decision => ({ standing: { tenant: tenant(), application: application(), account: account(), ...fields }, scope: 'rest', ...more });

describe('an issued token', () => {
  it('counts its life from the moment the request began, and lives as long as the tenant says, bounded', async () => {
    const { issuer, inserted } = scene();
    for (const [seconds, expected] of [[60, 60], [3600, 3600], [7201, 7200], [1e9, 7200]] as const) {
      const answer = await issuer.issue('client_credentials', request, decision({ tenant: tenant({ access_token_ttl_seconds: seconds }) }));
      expect(answer).toMatchObject({ token_type: 'Bearer', expires_in: expected, scope: 'rest' });
      expect(inserted.at(-1)?.document).toMatchObject({ iat, exp: iat + expected });
      expect(inserted.at(-1)?.owing[0]?.until).toEqual(new Date((iat + expected + 600) * 1000));
    }
  });
  it('is stored by the hash of its whole text, never the text, with an event of the same id and of the catalogue', async () => {
    const { issuer, inserted, issued } = scene();
    for (const client of [application(), opaque]) {
      const { access_token } = await issuer.issue('password', { ...request, secret_id: 's' }, decision({ application: client }, { grant_id: 'g', refresh_token: 'refresh', generation: 3 })), { document, owing } = inserted.at(-1) ?? { document: undefined, owing: [] };
      expect(document).toMatchObject({ hash: createHash('sha256').update(access_token).digest(), token_format: client.token_format, grant_id: 'g', generation: 3, secret_id: 's' });
      const text = JSON.stringify({ document, owing });
      for (const secret of [access_token, 'refresh']) expect(text.includes(secret)).toBe(false);
      const event = owing[0]?.event;
      expect(owing).toHaveLength(1);
      expect([event?.id, event?.subject]).toEqual(Array(2).fill(Buffer.isBuffer(document?._id) ? document._id.toString('base64url') : 'no id'));
      expect(eventCatalogue['token.issued'].data.strict().safeParse(event?.data).success).toBe(true);
    }
    expect(issued).toEqual(['password jwt', 'password opaque']);
  });
  it('carries the ceilings and rights of all that it stands on', async () => {
    const { issuer, inserted } = scene();
    const owner = account({ id: 'owner', role: 'auditor', access: 'read_only', rights_version: 9 }), access = account({ id: 'access', kind: 'api_access', owner: 'owner', impersonation: true, switchboards: ['s'] });
    await issuer.issue('password', request, decision({ account: access, owner, application: application({ access_level: 'all', rights_version: 4 }) }));
    expect(inserted[0]?.document).toMatchObject({ sub: 'access', account_kind: 'api_access', role: 'auditor', read_only: true, impersonation: true, switchboards: ['s'], access_level: 'all', rights: { tenant: 1, application: 4, account: 1, owner: 9 } });
  });
  it('S55: with which somebody acts for its account says who, ends no later than the actor\'s own, is no freer, and has a second event in the same insert', async () => {
    const { issuer, inserted } = scene(), owner = account({ id: 'owner' }), access = account({ id: 'access', kind: 'api_access', owner: 'owner', impersonation: true, rights_version: 5 }), act = { sub: 'access' };
    const acting = decision({ account: account({ switchboards: ['a', 'b'] }), application: application({ access_level: 'all' }), actors: [{ account: access, owner }] }, { acting: { act, bound: { exp: iat + 90, read_only: true, access_level: 'call_api', switchboards: ['b', 'c'] } } });
    const answer = await issuer.issue('x', request, acting), [{ document, owing } = { document: undefined, owing: [] }] = inserted;
    expect(answer).toEqual({ access_token: expect.any(String) as string, token_type: 'Bearer', expires_in: 90, scope: 'rest', issued_token_type: 'urn:ietf:params:oauth:token-type:access_token' });
    expect(document).toMatchObject({ sub: 'alice', exp: iat + 90, act, read_only: true, access_level: 'call_api', switchboards: ['b'], rights: { actors: [5], actor_owners: [1] } });
    const [issued, started] = owing.map(one => one.event);
    expect([issued?.type, started?.type, started?.subject, owing.map(one => one.until)]).toEqual(['token.issued', 'impersonation.started', issued?.id, Array(2).fill(new Date((iat + 690) * 1000))]);
    for (const event of [issued, started]) expect(event?.data).toMatchObject({ account_id: 'alice', act, by: { account_id: 'alice', client_id: 'client', act }, expires_at: new Date((iat + 90) * 1000).toISOString() });
    for (const [type, event] of [['token.issued', issued], ['impersonation.started', started]] as const) expect(eventCatalogue[type].data.strict().safeParse(event?.data).success).toBe(true);
    expect(started?.id).toMatch(/^[A-Za-z0-9_-]{22}$/);
    await issuer.issue('x', { ...request, at: new Date((iat + 60) * 1000) }, acting);
    expect(inserted[1]?.document).toMatchObject({ exp: iat + 90 });
  });
  it('is opaque where a JWT would be longer than common proxies take in a header, and says so', async () => {
    const { issuer, inserted, issued } = scene(), switchboards = Array.from({ length: 100 }, (_, i) => `${String(i).padStart(3, '0')}${'x'.repeat(61)}`);
    for (const [many, format] of [[70, 'jwt'], [100, 'opaque']] as const) {
      const { access_token } = await issuer.issue('password', request, decision({ account: account({ switchboards: switchboards.slice(0, many) }) })), { document, owing } = inserted.at(-1) ?? { document: undefined, owing: [] };
      expect(access_token).toMatch(format === 'jwt' ? /^header\..{6000,7900}$/ : /^[\w-]{43}$/);
      expect(document).toMatchObject({ hash: createHash('sha256').update(access_token).digest(), token_format: format, switchboards: switchboards.slice(0, many) });
      expect(owing[0]?.event).toMatchObject({ id: Buffer.isBuffer(document?._id) ? document._id.toString('base64url') : 'no id', data: { token_format: format } });
      if (format === 'opaque') expect(document?._id).toEqual(createHash('sha256').update(access_token).digest().subarray(0, 16));
    }
    expect(issued).toEqual(['password jwt', 'password opaque']);
  });
  it('is not answered where it could not be made durable', async () => {
    const { issuer } = scene(), failing = new TokenIssuer((issuer as unknown as { keys: SigningKeys }).keys, { insert: () => Promise.reject(new Error('not durable')) }, { service: 'token-service', instance: 'i' },
      { issuer: 'i', audience: 'a', longestTokenSeconds: 60, issued: { tokenIssued: () => { throw new Error('counted'); } } });
    await expect(failing.issue('password', request, decision())).rejects.toThrow('not durable');
  });
  it('S58: of ten thousand opaque ones each has 256 random bits: no prefix in common, every letter in every place', async () => {
    const { issuer } = scene(), tokens: string[] = [];
    for (let i = 0; i < 10_000; i++) tokens.push((await issuer.issue('client_credentials', request, decision({ application: opaque }))).access_token);
    expect(new Set(tokens.map(token => token.slice(0, 16))).size).toBe(tokens.length);
    for (let place = 0; place < 42; place++) {
      const counts = new Map<string, number>();
      for (const token of tokens) counts.set(token.charAt(place), (counts.get(token.charAt(place)) ?? 0) + 1);
      expect(counts.size).toBe(64);
      for (const count of counts.values()) expect(Math.abs(count - 156)).toBeLessThan(8 * Math.sqrt(156));
    }
  });
  it('S58: of ten thousand JWTs each has an id of 128 random bits', async () => {
    const { issuer, inserted } = scene();
    for (let i = 0; i < 10_000; i++) await issuer.issue('client_credentials', request, decision());
    const ids = inserted.map(one => Buffer.isBuffer(one.document._id) ? one.document._id : Buffer.alloc(0));
    expect(new Set(ids.map(id => id.subarray(0, 8).toString('hex'))).size).toBe(10_000);
    expect(ids.every(id => id.length === 16)).toBe(true);
  });
});

describe('the dispatch by grant_type', () => {
  const grant = (type: string, work: Grant['decide']): Grant => ({ type, decide: work });
  const server = new TokenServer([grant('one', () => Promise.resolve(decision())), grant('two', () => Promise.reject(new OAuthError('invalid_grant', 'no')))]);
  it('hands the request to the one grant of that type, whose decision or refusal it is', async () => {
    expect(await server.decide('one', request)).toEqual(decision());
    await expect(server.decide('two', request)).rejects.toMatchObject({ code: 'invalid_grant' });
  });
  it.each(['three', 'ONE', 'one two', '*', '', '__proto__', 'toString', 'one '])('S38: %j is unsupported_grant_type, and says which there are', async type => {
    await expect(server.decide(type, request)).rejects.toMatchObject({ code: 'unsupported_grant_type', description: expect.stringContaining('one, two') as unknown });
  });
});

describe('the age of what is owed', () => {
  it('stops issuing past the limit, grows by itself while the database is silent, and is nothing when nothing is owed', async () => {
    let now = 0, oldest: Date | undefined = new Date(0), fails = false;
    const age = new OutboxAge({ oldest: () => fails ? Promise.reject(new Error('away')) : Promise.resolve(oldest) }, 100, () => new Date(now));
    expect(age.seconds()).toBe(0);
    await age.look();
    now = 100_000;
    expect(() => { age.assertYoung(); }).not.toThrow();
    fails = true;
    now = 100_001;
    await age.look();
    expect(() => { age.assertYoung(); }).toThrow(expect.objectContaining({ code: 'temporarily_unavailable', retryAfterSeconds: 60 }) as Error);
    fails = false;
    oldest = undefined;
    await age.look();
    expect(age.seconds()).toBe(0);
  });
});
