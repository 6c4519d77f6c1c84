import { buildClientSchema, getIntrospectionQuery, GraphQLField, GraphQLNamedOutputType, GraphQLObjectType, GraphQLSchema, getNamedType, IntrospectionQuery, isObjectType, isRequiredArgument } from 'graphql';
import { PbxStore } from '@strowger/models/pbx/pbx.store';
import { eventually } from '../../../../test/system';
import { Answer, PbxScene, tokenOf, Who } from '../pbx-scene.fixture';
import { administrator, leakedIn, Other, others, samples, victim, victimsThings, VictimsThings } from '../rights-matrix.fixture';
import { pbxScope } from '../scopes/pbx-scopes';
import { scopedFields } from './scoped-schema';

let scene: PbxScene, things: VictimsThings, schema: GraphQLSchema;
beforeAll(async () => {
  scene = await PbxScene.begin('pbx_graphql');
  things = await victimsThings(scene);
  schema = await schemaOf(administrator);
});
afterAll(async () => { await scene.end(); });

interface Told { readonly data?: Record<string, unknown> | null; readonly errors?: readonly { readonly message: string; readonly extensions: { readonly code: string; readonly status?: string; readonly scope?: string } }[] }
const ask = async (who: Who | undefined, query: string, variables?: object): Promise<Answer & { told: Told }> => {
  const answer = await scene.call(who, 'POST', '/api/gql', { query, ...(variables && { variables }) });
  return { ...answer, told: answer.body };
};
const schemaOf = async (who: Who): Promise<GraphQLSchema> => buildClientSchema((await ask(who, getIntrospectionQuery())).body['data'] as IntrospectionQuery);
const typeNames = (of: GraphQLSchema): string[] => Object.keys(of.getTypeMap()).filter(name => !name.startsWith('__'));

/** A selection of every field that is no object, and of each object's id. */
const selection = (type: GraphQLNamedOutputType, depth = 0): string => {
  if (!isObjectType(type)) return '';
  return `{ ${Object.values(type.getFields()).flatMap(field => {
    const inner = getNamedType(field.type);
    if (!isObjectType(inner)) return [field.name];
    return depth < 2 && (depth === 0 || field.name === 'items') ? [`${field.name} ${selection(inner, depth + 1)}`] : [];
  }).join(' ')} }`;
};
/** The argument `id` of a field is of what the field is about. */
const idsOf: Readonly<Record<string, string>> = { call: 'call', hang_up: 'call', call_log_entry: 'calllog', delete_call_log_entry: 'calllog', voicemail_message: 'message', delete_voicemail: 'message', recording: 'recording',
  delete_recording: 'recording', fax: 'fax', cancel_fax: 'fax', repeat_fax: 'fax', delete_fax: 'fax', switchboard: 'switchboard', change_switchboard: 'switchboard', event_handler: 'handler', change_event_handler: 'handler',
  remove_event_handler: 'handler', extension: 'extension', change_extension: 'extension', remove_extension: 'extension' };
function documentOf(root: 'Query' | 'Mutation', field: GraphQLField<unknown, unknown>): string {
  const given = field.args.filter(argument => root === 'Mutation' || isRequiredArgument(argument)).flatMap(({ name }) => {
    const value = name === 'id' ? things.ids[idsOf[field.name] ?? ''] ?? samples['id'] : samples[name];
    return value === undefined ? [] : [`${name}: ${JSON.stringify(value)}`];
  });
  return `${root === 'Query' ? 'query' : 'mutation'} { ${field.name}${given.length > 0 ? `(${given.join(', ')})` : ''} ${selection(getNamedType(field.type))} }`;
}
const rootFields = () => (['Query', 'Mutation'] as const).flatMap(root => Object.values((schema.getType(root) as GraphQLObjectType).getFields()).filter(({ name }) => name !== 'granted_scopes').map(field => ({ root, field, scope: scopedFields.find(one => one.field === `${root}.${field.name}`)?.scope ?? '' })));

describe('S64: every field of the GraphQL API, asked by whom it is not for', () => {
  let cells = 0, leaks = 0;
  it.each(Object.keys(others) as Other[])('%s', async who => {
    things = await victimsThings(scene);
    const before = await scene.everything('tenant-a'), asks = others[who];
    for (const { root, field, scope } of rootFields()) {
      const answer = await ask(asks, documentOf(root, field)), write = root === 'Mutation', cell = `${who}: ${field.name} → ${String(answer.status)} ${answer.text.slice(0, 300)}`;
      const refused = answer.status >= 400 || answer.told.errors !== undefined, error = answer.told.errors?.[0]?.extensions;
      cells++;
      expect([cell, answer.status < 500]).toEqual([cell, true]);
      if (who === 'anonymous') expect([cell, answer.status]).toEqual([cell, 401]);
      if (who === 'no impersonation') expect([cell, answer.status]).toEqual([cell, 403]);
      if (who.startsWith('read_only') && write) expect([cell, error]).toMatchObject([cell, { code: 'access_denied', status: 'user_access_type_deny' }]);
      if (who === 'call_api application' && write) {
        const allowed = pbxScope(scope).access_level === 'call_api';
        expect([cell, error?.status]).toEqual([cell, allowed ? undefined : 'app_access_type_deny']);
      }
      const sees = who.startsWith('read_only') || who === 'call_api application';
      if (!sees || refused) { const leaked = leakedIn(answer.text, things); leaks += leaked.length; expect([cell, leaked]).toEqual([cell, []]); }
      if ((who === 'other user' || who === 'auditor') && idsOf[field.name] !== undefined && idsOf[field.name] !== 'switchboard') expect([cell, ['not_found', 'access_denied']]).toEqual([cell, expect.arrayContaining([error?.code])]);
    }
    if (who === 'call_api application') return;
    const after = await scene.everything('tenant-a');
    const hers = (text: string) => (JSON.parse(text) as { _id: string; extension?: string; extensions?: string[] }[]).filter(({ _id, extension, extensions }) => _id === 'tenant-a/101' || extension === '101' || extensions?.includes('101') === true);
    expect(hers(after)).toEqual(hers(before));
    if (who !== 'other user' && who !== 'auditor') expect(after).toBe(before);
  });
  it('the figure', () => {
    console.info(`S64, GraphQL: ${String(cells)} cells tested, leaks = ${String(leaks)}`);
    expect(cells).toBe(rootFields().length * Object.keys(others).length);
    expect(leaks).toBe(0);
  });
  it('an edge to another module leads nowhere beyond reach', async () => {
    await scene.pbx.callLog.insert('tenant-a', 'zzboth', { direction: 'internal', result: 'answered', from: '101', to: '102', extensions: ['101', '102'], started_at: new Date(), ended_at: new Date(), duration_seconds: 1, recording: 'alices-recording' });
    const { told, text } = await ask(others['other user'], '{ call_log_entry(id: "zzboth") { extensions extension_details { id } recording_details { id } } }');
    expect(told.data).toEqual({ call_log_entry: { extensions: ['101', '102'], extension_details: [{ id: '102' }], recording_details: null } });
    expect(text).not.toContain('alices-recording');
  });
  it('who may gets what was asked for', async () => {
    for (const { root, field } of rootFields().filter(({ root: of }) => of === 'Query')) expect([field.name, (await ask(victim, documentOf(root, field))).told.errors]).toEqual([field.name, undefined]);
    things = await victimsThings(scene);
    expect((await ask(victim, 'mutation { set_call_forward(extension: "101", condition: "busy", target: "102") { busy { target enabled } } }')).told.data).toEqual({ set_call_forward: { busy: { target: '102', enabled: true } } });
    expect((await ask(victim, 'mutation ($to: String!) { start_call(to: $to) { extension state } }', { to: '+442079460011' })).told.data).toEqual({ start_call: { extension: '101', state: 'ringing_extension' } });
  });
});

describe('the schema of a token', () => {
  const only = (scope: string, more: Partial<Who> = {}): Who => ({ ...victim, scope, ...more });
  it('has what its scopes reach, and nothing else has a name', async () => {
    const small = await schemaOf(only('gql:calllog:read'));
    expect(Object.keys(small.getQueryType()?.getFields() ?? {})).toEqual(['granted_scopes', 'call_log', 'call_log_entry']);
    expect(small.getMutationType() ?? undefined).toBeUndefined();
    expect(typeNames(small)).not.toEqual(expect.arrayContaining(['Fax']));
    expect(typeNames(small).filter(name => /Fax|Voicemail|Recording|Switchboard|Extension/.test(name))).toEqual([]);
    expect((await ask(only('gql:calllog:read'), '{ __type(name: "Fax") { name } }')).told.data).toEqual({ __type: null });
    expect((await ask(only('gql:calllog:read rest'), '{ granted_scopes }')).told.data).toEqual({ granted_scopes: ['gql:calllog:read'] });
    expect((await schemaOf(only('gql', { read_only: true }))).getMutationType() ?? undefined).toBeUndefined();
  });
  it('is the same as Insomnia asks it, by its standard query, for every account that has any', async () => {
    for (const who of [administrator, victim, only('gql:user'), only('gql:faxes:write')]) expect((await schemaOf(who)).getQueryType()).toBeDefined();
    const { status, headers } = await scene.call(victim, 'GET', `/api/gql?query=${encodeURIComponent('{ user { username } }')}`);
    expect([status, headers.get('content-type')]).toEqual([200, expect.stringContaining('json')]);
    expect(headers.get('cache-control')).toBe('no-store');
  });
  it('S71: none at all is told whom, and why', async () => {
    expect(await scene.call(undefined, 'POST', '/api/gql', { query: getIntrospectionQuery() })).toMatchObject({ status: 401, text: expect.not.stringContaining('__schema') as unknown });
    expect(await ask(only('rest'), '{ user { id } }')).toMatchObject({ status: 403, body: { error: 'insufficient_scope', scope: 'gql' } });
    expect(await ask(others['no impersonation'], '{ call_log { next_cursor } }')).toMatchObject({ status: 403, body: { error: 'access_denied', status: 'access_denied' } });
    const page = await fetch(`${scene.service.url}/api/gql`, { headers: { accept: 'text/html', authorization: `Bearer ${tokenOf(victim)}` } });
    expect(await page.text()).not.toMatch(/graphiql|<html/i);
  });
});

it('a query of several lines comes by a form, too', async () => {
  const query = 'query {\n\tcall_log(number: "none") {\r\n    next_cursor\n  }\n}';
  expect(await scene.call(victim, 'POST', '/api/gql', new URLSearchParams({ query }).toString())).toMatchObject({ status: 200, body: { data: { call_log: { next_cursor: null } } } });
});

describe('S77: reads and writes', () => {
  const reader: Who = others.read_only;
  it('a read_only account queries by POST, and changes nothing by any method', async () => {
    expect((await ask(reader, '{ extensions { items { id } } }')).told.data).toEqual({ extensions: { items: [{ id: '101' }] } });
    const before = await scene.everything('tenant-a'), mutation = 'mutation { change_user(name: "x") { id } }';
    expect(await ask(reader, mutation)).toMatchObject({ status: 403, told: { errors: [{ extensions: { code: 'access_denied', status: 'user_access_type_deny' } }] } });
    for (const who of [reader, victim, administrator]) expect((await scene.call(who, 'GET', `/api/gql?query=${encodeURIComponent(mutation)}`)).status).toBeGreaterThanOrEqual(400);
    expect((await scene.call(victim, 'GET', `/api/gql?query=${encodeURIComponent(`query a { user { id } } ${mutation.replace('mutation', 'mutation b')}`)}&operationName=b`)).status).toBeGreaterThanOrEqual(400);
    expect(await scene.everything('tenant-a')).toBe(before);
  });
  it('an administrator\'s work is an administrator\'s, whatever the scope', async () => {
    expect((await ask(victim, 'mutation { add_extension(id: "199", name: "x", department: "y") { id } }')).told.errors).toMatchObject([{ extensions: { code: 'access_denied' } }]);
  });
});

describe('S79: what asks too much', () => {
  it.each<[string, () => object | string]>([
    ['fifty deep', () => ({ query: `{ ${'user { '.repeat(50)}id${' }'.repeat(50)} }` })],
    ['a thousand aliases', () => ({ query: `{ ${Array.from({ length: 1000 }, (_none, at) => `a${String(at)}: user { id }`).join(' ')} }` })],
    ['a thousand fields of one name', () => ({ query: `{ ${'user { id } '.repeat(600)} }` })],
    ['a batch', () => Array.from({ length: 1000 }, () => ({ query: '{ user { id } }' }))],
    ['fragments in a circle', () => ({ query: '{ ...a } fragment a on Query { ...b } fragment b on Query { ...a }' })],
    ['a flood of directives', () => ({ query: `{ user ${'@skip(if: false) '.repeat(500)}{ id } }` })],
    ['a megabyte', () => ({ query: `{ user { id } } # ${'x'.repeat(1_000_000)}` })],
    ['introspection in circles', () => ({ query: '{ __schema { types { fields { type { fields { type { fields { type { fields { name } } } } } } } } } }' })],
    ['no GraphQL', () => ({ query: '}{' })], ['no query', () => ({})], ['a variable of another kind', () => ({ query: 'query ($n: Int) { calls(limit: $n) { next_cursor } }', variables: { n: 'many' } })],
    ['a list in each item of a page', () => ({ query: `{ call_log(limit: 200) { items { switchboard_details { member_details { ${Array.from({ length: 40 }, (_none, at) => `a${String(at)}: name`).join(' ')} } } } } }` })],
  ])('%s is refused within 100 ms', async (_what, body) => {
    const before = process.memoryUsage().rss, ask = () => scene.call(administrator, 'POST', '/api/gql', body());
    let answer = await ask();
    // What takes long takes long each time; a machine that is busy with something else does not.
    await eventually('an answer within 100 ms', async () => {
      const began = performance.now();
      answer = await ask();
      return performance.now() - began < 100;
    });
    expect([answer.status === 400 || answer.status === 413, answer.text.slice(0, 300)]).toEqual([true, answer.text.slice(0, 300)]);
    expect(answer.text).not.toMatch(/did you mean|node_modules|\.(js|ts):/i);
    expect(process.memoryUsage().rss - before).toBeLessThan(50 * 1024 * 1024);
  });
  it('each field of the root counts as a request of the caller\'s allowance', async () => {
    const who: Who = { ...victim, application_id: 'counted' }, remaining = async () => Number((await ask(who, '{ user { id } }')).headers.get('x-ratelimit-remaining'));
    const before = await remaining();
    await ask(who, '{ a: user { id } b: user { id } c: user { id } }');
    const counted = await ask(who, '{ a: user { id } b: user { id } }');
    expect(Number(counted.headers.get('x-ratelimit-remaining'))).toBe(before - 5);
    expect(before - await remaining()).toBe(6);
  });
  it('a list and what its items lead to are two questions to the database, however long it is', async () => {
    const { extensions } = scene.service.app.get(PbxStore), looks = jest.spyOn(extensions, 'findMany');
    const { told } = await ask(administrator, '{ call_log(limit: 200) { items { extension_details { name call_forward { busy { target } } mailbox { enabled } } } } }');
    expect(told.errors).toBeUndefined();
    expect(looks.mock.calls.length).toBeLessThanOrEqual(1);
    looks.mockRestore();
  });
});
