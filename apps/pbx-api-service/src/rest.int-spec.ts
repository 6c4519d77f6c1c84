import { z } from 'zod';
import { AccountDocument, ACCOUNTS } from '@strowger/models/accounts/accounts.schema';
import { idOf } from '@strowger/models/pbx/pbx-records.store';
import { RATE_LIMITS } from '@strowger/models/rate-limits/rate-limits.schema';
import { eventually } from '../../../test/system';
import { Answer, PbxScene, Who } from './pbx-scene.fixture';
import { personBehaviour } from './person.behaviour';
import { describedRoutes, DescribedRoute } from './rest/described-routes';
import { statusOf } from './rest/operation.decorator';
import { restControllers } from './rest/rest-controllers';
import { administrator, leakedIn, Other, others, samples, victim, victimsThings, VictimsThings } from './rights-matrix.fixture';
import { pbxScope } from './scopes/pbx-scopes';

const declared = new Map(describedRoutes(restControllers).map(route => [`${route.method} ${route.path}`, route]));
/** The routes as the description tells them, for that is what a stranger goes by. */
interface Told { readonly method: string; readonly path: string; readonly write: boolean; readonly level: string; readonly administrators: boolean; readonly body?: { properties: Record<string, unknown>; required?: string[] } }
type Description = { paths: Record<string, Record<string, { 'x-strowger': { access_level: string; write: boolean; administrators: boolean }; requestBody?: { content: Record<string, { schema: Told['body'] }> } }>> };

let scene: PbxScene, things: VictimsThings, told: readonly Told[];
const items = (body: Record<string, unknown>) => body['items'] as Record<string, unknown>[];
const bob = others['other user'], board: Who = { sub: 'board-tenant-a', account_kind: 'api_access', switchboards: ['sales'] };
beforeAll(async () => {
  scene = await PbxScene.begin('pbx_rest');
  things = await victimsThings(scene);
  const { paths } = (await scene.call(undefined, 'GET', '/api/rest/openapi.json')).body as unknown as Description;
  told = Object.entries(paths).flatMap(([path, methods]) => Object.entries(methods).map(([method, { 'x-strowger': { access_level: level, write, administrators }, requestBody }]) => {
    const body = requestBody?.content['application/json']?.schema;
    return { method: method.toUpperCase(), path, write, level, administrators, ...(body && { body }) };
  }));
});
afterAll(async () => { await scene.end(); });

/** A request of a route for alice's thing, as good as it can be. */
function requestOf({ method, path, body }: Told): readonly [method: string, path: string, body?: object] {
  const filled = path.replaceAll(/\{(\w+)\}/g, (_all, name: string) => things.ids[path.includes('/calllog/') ? 'calllog' : name] ?? 'nothing');
  if (!body) return [method, filled];
  return [method, filled, Object.fromEntries(Object.keys(body.properties).map(name => [name, samples[name]] as const).filter(([, value]) => value !== undefined))];
}
const routeOf = ({ method, path }: Told): DescribedRoute => {
  const route = declared.get(`${method} ${path}`);
  if (!route) throw new Error(`${method} ${path} is told of and not there`);
  return route;
};

describe('S64: the REST API\'s every route, asked by whom it is not for', () => {
  let cells = 0, leaks = 0;
  /** How a refusal must look, where one must come. */
  const refusal: Record<Exclude<Other, 'other tenant' | 'other user' | 'auditor'>, (told: Told) => { status: number; body?: object } | undefined> = {
    'anonymous': () => ({ status: 401 }),
    'read_only': ({ write }) => (write ? { status: 403, body: { status: 'user_access_type_deny' } } : undefined),
    'read_only administrator': ({ write }) => (write ? { status: 403, body: { status: 'user_access_type_deny' } } : undefined),
    'call_api application': ({ write, level }) => (write && level !== 'call_api' ? { status: 403, body: { status: 'app_access_type_deny' } } : undefined),
    'no impersonation': ({ path }) => (/^\/api\/(rest|local)\/(calllog|switchboards)/.test(path) ? undefined : { status: 403, body: { status: 'access_denied' } }),
  };

  it('there are as many routes as are declared, and each module has some', () => {
    expect(told.map(({ method, path }) => `${method} ${path}`).sort()).toEqual([...declared.keys()].sort());
    expect(told.length).toBeGreaterThan(40);
  });

  it.each(Object.keys(others) as Other[])('%s', async who => {
    things = await victimsThings(scene);
    const before = await scene.everything('tenant-a'), asks = others[who];
    for (const one of told) {
      const [method, path, body] = requestOf(one), answer = await scene.call(asks, method, path, body), cell = `${who}: ${method} ${path} → ${String(answer.status)} ${answer.text.slice(0, 200)}`;
      cells++;
      expect([cell, answer.status < 500]).toEqual([cell, true]);
      const expected = who in refusal ? refusal[who as keyof typeof refusal](one) : undefined;
      if (expected) expect([cell, answer]).toMatchObject([cell, expected]);
      // Whose account it is still, or who is the administrator of it, may see; everybody else has nothing of hers.
      const sees = ['read_only', 'read_only administrator', 'call_api application'].includes(who) || (who === 'no impersonation' && !expected);
      if (!sees || expected) { const leaked = leakedIn(answer.text, things); leaks += leaked.length; expect([cell, leaked]).toEqual([cell, []]); }
      if (['other user', 'auditor'].includes(who) && /\{(extension|call|message|recording|fax|handler)\}/.test(one.path)) expect([cell, [403, 404].includes(answer.status)]).toEqual([cell, true]);
      if (who === 'other tenant' && /\{(call|message|recording|fax|handler)\}/.test(one.path)) expect([cell, answer.status]).toEqual([cell, 404]);
    }
    if (who !== 'call_api application') {
      const after = await scene.everything('tenant-a');
      // What they may do for themselves they did; of hers nothing has moved.
      const hers = (text: string) => (JSON.parse(text) as { _id: string; extension?: string; extensions?: string[] }[]).filter(({ _id, extension, extensions }) => _id === 'tenant-a/101' || extension === '101' || extensions?.includes('101') === true);
      expect(hers(after)).toEqual(hers(before));
      if (['read_only', 'read_only administrator', 'anonymous', 'other tenant', 'no impersonation'].includes(who)) expect(after).toBe(before);
    }
  });

  it('the figure', () => {
    console.info(`S64, REST: ${String(cells)} cells tested, leaks = ${String(leaks)}`);
    expect(cells).toBe(told.length * Object.keys(others).length);
    expect(leaks).toBe(0);
  });

  it('S78: level call_api has exactly the writes that the catalogue gives it', () => {
    for (const one of told) expect([one.path, one.level]).toEqual([one.path, one.write ? pbxScope(routeOf(one).operation.scope).access_level : 'call_api']);
    expect(told.filter(({ write, level }) => write && level === 'call_api').map(({ path }) => path.split('/')[3]).filter((name, at, all) => all.indexOf(name) === at).sort()).toEqual(['calls', 'eventhandlers', 'faxes', 'recordings', 'voicemail']);
  });

  it('none of these refusals is an API that refuses everybody: who may gets what is described, in the form that is described', async () => {
    things = await victimsThings(scene);
    for (const one of told.toSorted((a, b) => Number(a.method === 'DELETE') - Number(b.method === 'DELETE'))) {
      const { operation } = routeOf(one), [method, path, body] = requestOf(one), extra = path.endsWith('/cancel') || path.endsWith('/repeat');
      const answer = await scene.call(one.administrators ? administrator : victim, method, method === 'DELETE' && one.administrators && path.includes('extensions') ? '/api/rest/extensions/177' : path, body);
      expect([method, path, answer.status, answer.text.slice(0, 300)]).toEqual([method, path, extra ? 409 : statusOf(operation), expect.anything()]);
      if (!extra && operation.answer) expect(z.safeParse(operation.answer, answer.body).error).toBeUndefined();
      if (operation.media !== undefined) expect(answer.headers.get('content-type')).toContain(operation.media);
    }
    things = await victimsThings(scene);
  });
});

describe('S71: the bearer token', () => {
  it('none is 401 without an error, a dead one invalid_token, a short scope insufficient_scope with the scope, one in the query is refused', async () => {
    const none = await scene.call(undefined, 'GET', '/api/rest/extensions');
    expect([none.status, none.headers.get('www-authenticate')]).toEqual([401, 'Bearer realm="strowger"']);
    const dead = await fetch(`${scene.service.url}/api/rest/extensions`, { headers: { authorization: 'Bearer dead' } });
    expect([dead.status, dead.headers.get('www-authenticate')]).toEqual([401, expect.stringContaining('error="invalid_token"')]);
    expect(await scene.call({ ...victim, scope: 'rest:calllog:read gql' }, 'GET', '/api/rest/extensions')).toMatchObject({ status: 403, body: { error: 'insufficient_scope', scope: 'rest:extensions:read' } });
    expect(await scene.call(victim, 'GET', '/api/rest/extensions?access_token=x')).toMatchObject({ status: 400, body: { error: 'invalid_request' } });
  });
  it('a parent scope has its children, a write no read', async () => {
    expect((await scene.call({ ...victim, scope: 'rest:extensions' }, 'GET', '/api/rest/extensions')).status).toBe(200);
    expect((await scene.call({ ...victim, scope: 'rest:extensions:write' }, 'GET', '/api/rest/extensions')).status).toBe(403);
    expect((await scene.call({ ...victim, scope: 'rest:voicemail:write:delete' }, 'DELETE', '/api/rest/voicemail/none')).status).toBe(404);
    expect((await scene.call({ ...victim, scope: 'rest:voicemail:write:delete' }, 'PUT', '/api/rest/voicemail/settings/101', { enabled: true })).body).toMatchObject({ scope: 'rest:voicemail:write' });
  });
  it('S68: HEAD is guarded as GET is, and read_only may', async () => {
    expect((await scene.call(undefined, 'HEAD', '/api/rest/extensions')).status).toBe(401);
    expect((await scene.call({ ...victim, scope: 'rest:calllog:read' }, 'HEAD', '/api/rest/extensions')).status).toBe(403);
    for (const path of ['extensions', 'calllog.csv']) expect(await scene.call(others.read_only, 'HEAD', `/api/rest/${path}`)).toMatchObject({ status: 200, text: '' });
  });
  it('every answer tells the allowance', async () => {
    for (const path of ['/api/rest/extensions', '/api/rest/nothing', '/api/rest/extensions/999']) expect((await scene.call(victim, 'GET', path)).headers.get('x-ratelimit-limit')).toBe(path === '/api/rest/nothing' ? null : '1000000');
    await eventually('the shared counter', () => scene.database.collection(RATE_LIMITS).findOne({ _id: { $regex: '^requests:pbx-api-service:' } } as never));
  });
});

it('S79: who has used up the requests of a minute is answered 429 by REST and by GraphQL, with the allowance and when to come again; nobody else is', async () => {
  const LIMIT = 5, small = await scene.another({ API_REQUESTS_PER_MINUTE: String(LIMIT) }), who: Who = { ...victim, application_id: 'limited' };
  const told = ({ headers }: Answer) => ['limit', 'remaining', 'reset'].map(name => Number(headers.get(`x-ratelimit-${name}`)));
  const refused = async (ask: () => Promise<Answer>): Promise<Answer> => {
    // Twice the limit: a minute may end in between.
    for (let asked = 0; asked <= 2 * LIMIT; asked++) {
      const answer = await ask(), [limit, remaining, reset = 0] = told(answer);
      if (answer.status === 429) {
        expect([limit, remaining, String(reset)]).toEqual([LIMIT, 0, answer.headers.get('retry-after')]);
        expect(reset >= 1 && reset <= 60).toBe(true);
        return answer;
      }
      expect([answer.status, limit, remaining !== undefined && remaining >= 0 && remaining < LIMIT]).toEqual([200, LIMIT, true]);
    }
    throw new Error('nothing was refused');
  };
  expect((await refused(() => scene.call(who, 'GET', '/api/rest/extensions', undefined, small))).body).toMatchObject({ error: 'rate_limit_exceeded', status: 'rate_limit_exceeded' });
  expect((await scene.call(bob, 'GET', '/api/rest/extensions', undefined, small)).status).toBe(200);
  expect((await scene.call({ ...who, application_id: 'another' }, 'GET', '/api/rest/extensions', undefined, small)).status).toBe(200);
  const twice = await refused(() => scene.call({ ...who, application_id: 'twice' }, 'POST', '/api/gql', { query: '{ a: user { id } b: user { id } }' }, small));
  expect((twice.body['errors'] as unknown[] | undefined)?.[0] ?? twice.body).toMatchObject(twice.body['errors'] ? { extensions: { code: 'rate_limit_exceeded', status: 'rate_limit_exceeded' } } : { error: 'rate_limit_exceeded' });
});

describe('what an API access without impersonation sees (seed 003)', () => {
  it('of chosen switchboards: these, and the calls that came through them', async () => {
    expect(items((await scene.call(board, 'GET', '/api/rest/switchboards')).body).map(({ id }) => id)).toEqual(['sales']);
    expect((await scene.call(board, 'GET', '/api/rest/switchboards/main')).status).toBe(404);
    expect((await scene.call(board, 'GET', '/api/rest/switchboards/main/state')).status).toBe(404);
    const calls = items((await scene.call(board, 'GET', '/api/rest/calllog?limit=200')).body);
    expect(calls.length).toBeGreaterThan(0);
    expect(new Set(calls.map(({ switchboard }) => switchboard))).toEqual(new Set(['sales']));
    expect(items((await scene.call(board, 'GET', '/api/rest/calllog?switchboard=main')).body)).toEqual([]);
    const other = items((await scene.call(administrator, 'GET', '/api/rest/calllog?switchboard=main&limit=1')).body)[0];
    expect((await scene.call(board, 'GET', `/api/rest/calllog/${String(other?.['id'])}`)).status).toBe(404);
    expect((await scene.call(board, 'GET', '/api/rest/calllog.csv')).text.split('\r\n').slice(1, -1).every(line => line.includes('"sales"'))).toBe(true);
  });
  it('of none chosen: its owner\'s', async () => {
    const access = others['no impersonation'], calls = items((await scene.call(access, 'GET', '/api/rest/calllog?limit=200')).body);
    expect(calls.length).toBeGreaterThan(0);
    expect(calls.every(({ extensions }) => (extensions as string[]).includes('101'))).toBe(true);
    expect(items((await scene.call({ ...access, switchboards: [] }, 'GET', '/api/rest/calllog')).body)).toEqual([]);
  });
  it('an extension that is given to an access makes its owner\'s reach no wider', async () => {
    await scene.database.collection<AccountDocument>(ACCOUNTS).updateOne({ _id: 'access-tenant-a' }, { $set: { extension_id: '102' } });
    const access = others['no impersonation'];
    expect(items((await scene.call(access, 'GET', '/api/rest/calllog?limit=200')).body).every(({ extensions }) => (extensions as string[]).includes('101'))).toBe(true);
    expect(items((await scene.call({ ...access, impersonation: true }, 'GET', '/api/rest/extensions')).body).map(({ id }) => id)).toEqual(['101']);
  });
});

describe('seed 003\'s local API', () => {
  it.each(['calllog', 'switchboards'])('%s is its successor\'s answer, and says that it is deprecated, until when, and what follows it', async name => {
    const [old, now] = await Promise.all([scene.call(victim, 'GET', `/api/local/${name}`), scene.call(victim, 'GET', `/api/rest/${name}`)]);
    expect([old.status, old.body]).toEqual([200, now.body]);
    for (const answer of [old, await scene.call(undefined, 'GET', `/api/local/${name}`)]) {
      expect(answer.headers.get('deprecation')).toMatch(/^@\d+$/);
      expect(new Date(answer.headers.get('sunset') ?? '').toISOString()).toBe('2027-12-31T00:00:00.000Z');
      expect(answer.headers.get('link')).toBe(`</api/rest/${name}>; rel="successor-version"`);
    }
    expect(now.headers.get('deprecation')).toBeNull();
  });
});

describe('the call log', () => {
  it('its pages together are the whole, newest first, each call once', async () => {
    const found: string[] = [];
    for (let cursor: string | null = ''; cursor !== null;) {
      const { body }: Answer = await scene.call(administrator, 'GET', `/api/rest/calllog?limit=70${cursor === '' ? '' : `&cursor=${cursor}`}`);
      found.push(...items(body).map(({ id }) => String(id)));
      cursor = body['next_cursor'] as string | null;
    }
    expect(found).toEqual([...new Set(found)].sort().reverse());
    const stored: string[] = [];
    for await (const page of scene.pbx.callLog.pages('tenant-a', {})) stored.push(...page.map(idOf));
    expect(found).toEqual(stored);
  });
  it('filters by moment, direction, result, extension, number; what is out of reach is not found by any of them', async () => {
    const all = items((await scene.call(administrator, 'GET', '/api/rest/calllog?limit=200')).body), middle = String(all[40]?.['started_at']);
    const answered = items((await scene.call(administrator, 'GET', '/api/rest/calllog?limit=200&direction=inbound&result=answered&extension=104')).body);
    expect(answered.length).toBeGreaterThan(0);
    for (const call of answered) expect(call).toMatchObject({ direction: 'inbound', result: 'answered', extensions: expect.arrayContaining(['104']) as unknown });
    expect(items((await scene.call(administrator, 'GET', `/api/rest/calllog?limit=200&from=${middle}`)).body).map(({ id }) => id)).toEqual(all.filter(({ started_at }) => String(started_at) >= middle).map(({ id }) => id));
    expect(items((await scene.call(administrator, 'GET', `/api/rest/calllog?limit=1&to=${middle}`)).body)[0]?.['id']).toBe(all.find(({ started_at }) => String(started_at) < middle)?.['id']);
    const number = String(all[3]?.['from']).slice(-4);
    expect(items((await scene.call(administrator, 'GET', `/api/rest/calllog?number=${number}`)).body).map(({ id }) => id)).toContain(all[3]?.['id']);
    expect(items((await scene.call(bob, 'GET', '/api/rest/calllog?extension=101')).body)).toEqual([]);
  });
  it.each(['?limit=0', '?limit=201', '?cursor=x', '?from=yesterday', '?direction=sideways', '?sort=_id', '?extension[$ne]=1', '?number=%00', '?q=1', '?tenant_id=tenant-b'])('S67: %s is refused', async query => {
    expect(await scene.call(administrator, 'GET', `/api/rest/calllog${query}`)).toMatchObject({ status: 400, body: { error: 'invalid_request' } });
  });
  it('S86: as CSV it is whole, and has no formula', async () => {
    const { text, headers } = await scene.call(administrator, 'GET', '/api/rest/calllog.csv');
    expect(headers.get('content-disposition')).toContain('calllog.csv');
    expect(text.trimEnd().split('\r\n')).toHaveLength(1 + await scene.pbx.callLog.count('tenant-a', {}));
    expect(text).not.toMatch(/(^|,)"?[=+\-@]/m);
  });
});

it('S67: what cannot be an id is not there, like what is not there', async () => {
  for (const route of ['extensions', 'callforward', 'calllog', 'calls', 'voicemail', 'recordings', 'faxes', 'switchboards', 'eventhandlers']) {
    for (const id of ['%00', '%2e%2e%2ftenant-b', '%F0%9F%93%9E', '$where', '__proto__', 'a'.repeat(99)]) expect([route, id, (await scene.call(administrator, 'GET', `/api/rest/${route}/${id}`)).status]).toEqual([route, id, 404]);
  }
});

describe('what a person does with the PBX', () => { personBehaviour(() => scene); });
