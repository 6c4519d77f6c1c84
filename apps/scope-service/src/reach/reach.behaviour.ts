import { randomBytes } from 'node:crypto';
import { ACCESS_TOKENS, AccessTokenDocument } from '@strowger/models/access-tokens/access-tokens.schema';
import { AccountDocument } from '@strowger/models/accounts/accounts.schema';
import { APPLICATIONS, ApplicationDocument } from '@strowger/models/applications/applications.schema';
import { GrantDocument, GRANTS } from '@strowger/models/grants/grants.schema';
import { RunningService } from '@strowger/service/start-service';
import { Role } from '@strowger/oauth-core/facts';
import { seedReservedApplication, SeededTenant } from '../../../../test/seeded-tenant';
import { AnnounceScopes } from '../announcement/announce-scopes';
import { announced, ScopeScene, tokenOf } from '../scope-scene.fixture';

type Part = { count?: number; complete?: boolean; items: Record<string, unknown>[]; next_cursor: string | null };
interface Answer { readonly status: number; readonly body: Record<string, unknown> & { applications?: Part; tokens?: Part } }
type Somebody = Pick<AccountDocument, '_id' | 'tenant_id'> & { role?: Role };

let scene: ScopeScene, service: RunningService, tenant: SeededTenant, other: SeededTenant;
let admin: AccountDocument, auditor: AccountDocument, alice: AccountDocument, bob: AccountDocument, stranger: AccountDocument;
const apps = new Map<string, ApplicationDocument>();
const WRITE = 'rest:forwarding:write', READ = 'rest:forwarding:read';

const reach = async (scope: string, who: Somebody = admin, query = '', carried = 'strowger'): Promise<Answer> => {
  const token = tokenOf(carried, who._id, { tenant_id: who.tenant_id, role: who.role ?? 'user' });
  const response = await fetch(`${service.url}/api/scopes/${scope}/reach${query}`, { headers: { authorization: `Bearer ${token}` } });
  return { status: response.status, body: await response.json() as Answer['body'] };
};
const names = (part: Part | undefined): unknown[] => (part?.items ?? []).map(item => item['name']).sort();
const ids = (part: Part | undefined): unknown[] => (part?.items ?? []).map(item => item['token_id']);

async function application(name: string, owner: string, fields: Partial<ApplicationDocument> = {}, of = tenant): Promise<void> {
  apps.set(name, await of.application(owner, { name, type: 'native', access_level: 'all', scope: 'rest', ...fields }));
}
/** A stored token of an application for an account; its id. */
async function token(app: string, account: AccountDocument, fields: Partial<AccessTokenDocument> = {}): Promise<string> {
  const { _id: application_id, client_id, name, access_level, scope, tenant_id } = apps.get(app) ?? { _id: '', client_id: '', name: '', access_level: 'all' as const, scope: '', tenant_id: '' };
  const _id = randomBytes(16), now = Math.floor(Date.now() / 1000);
  await scene.database.collection<AccessTokenDocument>(ACCESS_TOKENS).insertOne({
    _id, hash: randomBytes(32), version: 1, iss: 'i', sub: account._id, aud: 'a', client_id, exp: now + 3600, iat: now, scope, tenant_id, application_id, account_kind: account.kind, role: account.role,
    access_level, read_only: account.access === 'read_only', impersonation: account.impersonation, rights: { tenant: 1, application: 1, account: 1 }, token_format: 'jwt', grant_type: 'password',
    client_name: name, username: account.username, issued_at: new Date(), ...fields,
  });
  return _id.toString('base64url');
}
async function grant(status: GrantDocument['status'], sign_out = 1): Promise<string> {
  const _id = randomBytes(16).toString('base64url');
  await scene.database.collection<GrantDocument>(GRANTS).insertOne({
    _id, tenant_id: tenant.id, version: 1, application_id: 'a', account_id: 'b', grant_type: 'password', scope: 'rest', key_id: 'k', nonce: randomBytes(16),
    sign_out_versions: { tenant: 1, application: 1, account: sign_out }, status, generation: 0, created_at: new Date(), expires_at: new Date(Date.now() + 3_600_000),
  });
  return _id;
}

/** What holds of `GET /api/scopes/{scope}/reach`, asked of an instance of its own on the servers of a scene that other tests share. */
export function describeReach(shared: () => ScopeScene): void {
  beforeAll(async () => {
    scene = shared();
    service = await scene.start('reach');
    await service.app.get(AnnounceScopes).announce('audit-service', [
      announced(READ), announced(WRITE, { access_level: 'all' }), announced('gql:forwarding:read'), announced('rest:chatlog:read'), announced('rest:page:read', { successor: 'rest:pagees:read' }), announced('rest:left:read'),
    ]);
    await service.app.get(AnnounceScopes).announce('audit-service', [
      announced(READ), announced(WRITE, { access_level: 'all' }), announced('gql:forwarding:read'), announced('rest:chatlog:read'), announced('rest:page:read', { successor: 'rest:pagees:read' }),
    ]);
    tenant = await SeededTenant.in(scene.database, { api_application: false });
    other = await SeededTenant.in(scene.database);
    await seedReservedApplication(tenant);
    [admin, auditor, alice, bob, stranger] = await Promise.all([
      tenant.account({ role: 'administrator' }), tenant.account({ role: 'auditor' }), tenant.account(), tenant.account({ access: 'read_only' }), other.account({ role: 'administrator' }),
    ]);
    await application('whole', alice._id);
    await application('module', alice._id, { scope: 'gql rest:forwarding' });
    await application('reads', alice._id, { access_level: 'call_api' });
    await application('elsewhere', admin._id, { scope: 'gql rest:chatlog' });
    await application('machine', admin._id, { type: 'machine_to_machine' });
    await application('bound machine', bob._id, { type: 'machine_to_machine' });
    await application('off', alice._id, { status: 'disabled' });
    await application('strange', stranger._id, {}, other);
  });
  afterAll(async () => { await scene.stop(service); });
  beforeEach(async () => { await scene.database.collection(ACCESS_TOKENS).deleteMany({}); });

  describe('the applications that reach a scope', () => {
    it('S78: are those whose registered scope contains it and whose level and (of a machine\'s) owner allow it', async () => {
      const { status, body } = await reach(WRITE);
      expect([status, body['scope'], body['status'], body['access_level'], body['announced']]).toEqual([200, WRITE, 'active', 'all', 1]);
      expect(names(body.applications)).toEqual(['machine', 'module', 'whole']);
      expect(body.applications).toMatchObject({ count: 3, complete: true, next_cursor: null });
      const { client_id, _id, scope } = apps.get('module') ?? { client_id: '', _id: '', scope: '' };
      expect(body.applications?.items).toContainEqual({ client_id, application_id: _id, name: 'module', type: 'native', access_level: 'all', scope, owner: alice._id });
      expect(names((await reach(READ)).body.applications)).toEqual(['bound machine', 'machine', 'module', 'reads', 'whole']);
      expect(names((await reach('gql:forwarding')).body.applications)).toEqual(['elsewhere', 'module']);
    });
    it('of a module or a type are those that reach all that is announced in it', async () => {
      const { body } = await reach('rest:forwarding');
      expect([body['announced'], names(body.applications)]).toEqual([2, ['machine', 'module', 'whole']]);
      expect(names((await reach('rest')).body.applications)).toEqual(['machine', 'whole']);
    });
    it('S64: are the tenant\'s for its administrator and its auditor, a user\'s own, and never another tenant\'s', async () => {
      for (const who of [admin, auditor]) expect(names((await reach(READ, who)).body.applications)).toHaveLength(5);
      expect(names((await reach(READ, alice)).body.applications)).toEqual(['module', 'reads', 'whole']);
      expect(names((await reach(READ, bob)).body.applications)).toEqual(['bound machine']);
      expect(names((await reach(READ, stranger)).body.applications)).toEqual(['api', 'strange']);
      expect(names((await reach(READ, { _id: admin._id, tenant_id: other.id })).body.applications)).toEqual([]);
    });
    it('S53: with its owner blocked a machine reaches nothing', async () => {
      const owner = await tenant.account();
      await application('orphan', owner._id, { type: 'machine_to_machine' });
      expect(names((await reach(READ, owner)).body.applications)).toEqual(['orphan']);
      await scene.database.collection<AccountDocument>('accounts').updateOne({ _id: owner._id }, { $set: { status: 'blocked' } });
      expect(names((await reach(READ, owner)).body.applications)).toEqual([]);
    });
    it('come in pages that together are the whole, the reserved application among them where the tenant has turned it on', async () => {
      const found: unknown[] = [];
      for (let n = 0; n < 7; n++) await application(`one ${String(n)}`, stranger._id, { scope: n % 2 ? 'gql' : 'rest' }, other);
      for (let cursor = ''; ;) {
        const { body }: Answer = await reach(READ, stranger, `?of=applications&limit=1${cursor}`);
        expect([body.tokens, body.applications?.count]).toEqual([undefined, cursor === '' ? 6 : undefined]);
        found.push(...names(body.applications));
        if (typeof body.applications?.next_cursor !== 'string') break;
        cursor = `&cursor=${body.applications.next_cursor}`;
      }
      expect(found.sort()).toEqual(['api', 'one 0', 'one 2', 'one 4', 'one 6', 'strange']);
      await scene.database.collection<ApplicationDocument>(APPLICATIONS).deleteMany({ name: /^one / });
    });
  });

  describe('the live tokens that reach a scope', () => {
    it('S74, S77, S78: are those that carry it now, whatever was issued: not revoked, ended, signed out, lowered, narrower, or stopped by a ceiling', async () => {
      const live = [await token('whole', alice), await token('machine', admin, { grant_id: await grant('active') }), await token('whole', alice, { scope: `gql ${WRITE}` })];
      await token('whole', alice, { revoked_at: new Date() });
      await token('whole', alice, { exp: Math.floor(Date.now() / 1000) - 1 });
      await token('whole', alice, { rights: { tenant: 1, application: 1, account: 0 } });
      await token('whole', alice, { grant_id: await grant('revoked') });
      await token('whole', alice, { grant_id: await grant('active', 0) });
      await token('whole', alice, { grant_id: 'gone' });
      await token('off', alice);
      await token('whole', alice, { scope: READ });
      await token('reads', alice);
      await token('whole', bob);
      await token('whole', alice, { account_kind: 'api_access', scope: 'rest' });
      const { body } = await reach(WRITE);
      expect(ids(body.tokens).sort()).toEqual(live.sort());
      expect(body.tokens).toMatchObject({ count: 3, complete: true, next_cursor: null });
      expect(body.tokens?.items.find(item => item['client_name'] === 'machine')).toEqual({
        token_id: expect.any(String) as string, client_id: apps.get('machine')?.client_id, client_name: 'machine', application_id: apps.get('machine')?._id, account_id: admin._id, username: admin.username, scope: 'rest',
        expires_at: expect.any(String) as string,
      });
    });
    it('S64: are the tenant\'s for its administrator and auditor; of a user its own and its API accesses\'; never another tenant\'s', async () => {
      const access = await tenant.account({ kind: 'api_access', owner: alice._id, impersonation: true });
      const own = await token('whole', alice), hers = await token('whole', access, { rights: { tenant: 1, application: 1, account: 1, owner: 1 } });
      const bobs = await token('whole', bob), theirs = await token('strange', stranger);
      const seen = async (who: Somebody): Promise<unknown[]> => ids((await reach(READ, who, '?of=tokens')).body.tokens).sort();
      expect(await seen(admin)).toEqual([own, hers, bobs].sort());
      expect(await seen(auditor)).toEqual([own, hers, bobs].sort());
      expect(await seen(alice)).toEqual([own, hers].sort());
      expect(await seen(bob)).toEqual([bobs]);
      expect(await seen(stranger)).toEqual([theirs]);
      const forged = Buffer.from(JSON.stringify(['t', bob._id, 1, 'A'.repeat(22)])).toString('base64url');
      for (const who of [alice, stranger]) expect(ids((await reach(READ, who, `?of=tokens&cursor=${forged}`)).body.tokens)).not.toContain(bobs);
    });
    it.each([1, 3, 200])('come in pages of %d, each once, whoever\'s they are', async limit => {
      const issued = (await Promise.all([alice, bob, admin, auditor].flatMap(account => Array.from({ length: 4 }, (_, n) => token('whole', account, { exp: Math.floor(Date.now() / 1000) + 3600 + n % 2 }))))).sort();
      const found: unknown[] = [];
      for (let cursor = ''; ;) {
        const { body }: Answer = await reach(READ, admin, `?of=tokens&limit=${String(limit)}${cursor}`);
        if (cursor === '') expect(body.tokens?.count).toBe(16);
        found.push(...ids(body.tokens));
        if (typeof body.tokens?.next_cursor !== 'string') break;
        cursor = `&cursor=${body.tokens.next_cursor}`;
      }
      expect(found.sort()).toEqual(issued);
    });
    it('a request looks at two thousand of them at most, says that there are more, and the rest is behind its cursor', async () => {
      const last = await token('whole', alice, { exp: Math.floor(Date.now() / 1000) + 7200 }), tokens = scene.database.collection<AccessTokenDocument>(ACCESS_TOKENS);
      const stored = await tokens.findOne({ sub: alice._id });
      if (!stored) throw new Error('no token');
      await tokens.insertMany(Array.from({ length: 2400 }, (_, i) => ({ ...stored, _id: Buffer.concat([Buffer.alloc(12, 7), Buffer.from([0, 0, i >> 8, i & 255])]), exp: stored.exp - 10, scope: 'gql' })));
      const first = (await reach(READ, admin, '?of=tokens')).body.tokens;
      expect([first?.count, first?.complete, first?.items]).toEqual([0, false, []]);
      const second = (await reach(READ, admin, `?of=tokens&cursor=${first?.next_cursor ?? ''}`)).body.tokens;
      expect([ids(second), second?.next_cursor]).toEqual([[last], null]);
    });
  });

  describe('asking who reaches a scope', () => {
    it('S71: takes the scopes of the catalogue, and of what it tells of', async () => {
      expect(await reach(READ, admin, '', 'strowger:tokens:read')).toMatchObject({ status: 403, body: { error: 'insufficient_scope', scope: 'strowger:scopes:read' } });
      expect(await reach(READ, admin, '', 'strowger:scopes:read')).toMatchObject({ status: 403, body: { error: 'insufficient_scope', scope: 'strowger:applications:read' } });
      expect(await reach(READ, admin, '?of=tokens', 'strowger:scopes:read strowger:applications:read')).toMatchObject({ status: 403, body: { scope: 'strowger:tokens:read' } });
      expect((await reach(READ, admin, '?of=applications', 'strowger:scopes:read strowger:applications:read')).status).toBe(200);
      expect((await fetch(`${service.url}/api/scopes/${READ}/reach`)).status).toBe(401);
    });
    it('a deprecated scope says its successor, a withdrawn one that it is, and who still has it; one that nobody announced is not there', async () => {
      expect((await reach('rest:page:read')).body).toMatchObject({ status: 'deprecated', successor: 'rest:pagees:read' });
      const gone = await reach('rest:left:read');
      expect([gone.body['status'], names(gone.body.applications).length > 0]).toEqual(['withdrawn', true]);
      for (const scope of ['rest:nothing', 'gql:left:read', 'tree']) expect((await reach(scope)).status).toBe(scope === 'tree' ? 400 : 404);
    });
    it.each<[string, string, string]>([
      ['rest:A', '', 'invalid_scope'], ['all', '', 'invalid_request'], ['rest%20gql', '', 'invalid_request'], ['__proto__', '', 'invalid_scope'], [READ, '?limit=0', 'invalid_request'], [READ, '?limit=201', 'invalid_request'],
      [READ, '?of=accounts', 'invalid_request'], [READ, '?of=tokens&cursor=x', 'invalid_request'], [READ, `?cursor=${Buffer.from('["a","b"]').toString('base64url')}`, 'invalid_request'],
      [READ, `?of=tokens&cursor=${Buffer.from('["a","b"]').toString('base64url')}`, 'invalid_request'], [READ, `?of=tokens&cursor=${Buffer.from('["t",{"$gt":""}]').toString('base64url')}`, 'invalid_request'],
      [READ, '?of[$ne]=x', 'invalid_request'], [READ, '?__proto__=x', 'invalid_request'],
    ])('S66, S67: %s%s is refused with %s', async (scope, query, error) => {
      expect(await reach(scope, admin, query)).toMatchObject({ status: 400, body: { error } });
    });
  });
}
