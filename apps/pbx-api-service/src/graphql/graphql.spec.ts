import { buildSchema, getIntrospectionQuery, GraphQLObjectType, GraphQLSchema, introspectionFromSchema, isObjectType, parse, printSchema, validateSchema } from 'graphql';
import { seededRandom } from '../seed/seeded-random';
import { pbxScopes } from '../scopes/pbx-scopes';
import { EffectiveScopes, Rights } from './effective-scopes';
import { measureQuery, QueryTooLarge } from './query-limits';
import { SchemaCache } from './schema-cache';
import { itemsBelow, scopedFields, scopedSchema } from './scoped-schema';
import { validateScoped } from './scoped-validation';

const rights: Rights = { scope: 'gql', access_level: 'all', role: 'user', read_only: false, account_kind: 'user', impersonation: false };
const scopes = pbxScopes.map(({ scope }) => scope).filter(scope => scope.startsWith('gql:'));
const whole = scopedSchema(() => true);
const fieldsIn = (schema: GraphQLSchema): string[] => Object.values(schema.getTypeMap()).filter((type): type is GraphQLObjectType => isObjectType(type) && !type.name.startsWith('__'))
  .flatMap(type => Object.keys(type.getFields()).map(field => `${type.name}.${field}`));
const said = (query: string, more: Partial<Rights> = {}) => {
  const who = { ...rights, ...more }, effective = new EffectiveScopes(who);
  return validateScoped(scopedSchema(effective.has), parse(query), effective, who).map(({ message, extensions }) => ({ message, code: extensions['code'], status: extensions['status'], scope: extensions['scope'] }));
};

describe('the whole schema', () => {
  it('is valid, and every scope opens a field of it', () => {
    expect(validateSchema(buildSchema(printSchema(whole)))).toEqual([]);
    expect(scopes.filter(scope => !scopedFields.some(field => field.scope === scope))).toEqual([]);
    for (const { field } of scopedFields) expect(fieldsIn(whole)).toContain(field);
  });
  it('has no field of its roots without a scope but granted_scopes', () => {
    const scoped = new Set(scopedFields.map(({ field }) => field));
    expect(fieldsIn(whole).filter(field => /^(Query|Mutation)\./.test(field) && !scoped.has(field))).toEqual(['Query.granted_scopes']);
  });
});

describe('a schema that was cut', () => {
  it('has exactly the fields of its scopes, whatever they are, and no type that only others lead to', () => {
    const random = seededRandom(7), scopeOf = new Map(scopedFields.map(({ field, scope }) => [field, scope]));
    for (let round = 0; round < 60; round++) {
      const some = new Set(scopes.filter(() => random() < round / 60)), schema = scopedSchema(scope => some.has(scope));
      const found = fieldsIn(schema);
      expect(found.filter(field => { const scope = scopeOf.get(field); return scope !== undefined && !some.has(scope); })).toEqual([]);
      for (const { field, scope } of scopedFields) if (some.has(scope) && /^(Query|Mutation)\./.test(field)) expect(found).toContain(field);
      const reached = new Set(found.map(field => field.split('.', 1)[0]));
      const text = printSchema(schema);
      for (const type of reached) if (type !== 'Query' && type !== 'Mutation') expect(text).toMatch(new RegExp(`: \\[?${type ?? ''}\\b`));
      expect(validateSchema(buildSchema(text))).toEqual([]);
      if (!some.has('gql:faxes:read') && !some.has('gql:faxes:write')) expect(/"(Fax|FaxPage|fax|faxes|\w+_fax)"/.exec(JSON.stringify(introspectionFromSchema(schema)))).toBeNull();
    }
  });
  it('is kept for the scopes it was cut for, and no more of them than the cache has room for', () => {
    let made = 0;
    const cache = new SchemaCache(3, may => { made++; return scopedSchema(may); }), of = (key: string) => cache.of({ key, has: scope => scope === key });
    expect(of('gql:calls:read')).toBe(of('gql:calls:read'));
    for (const scope of scopes) of(scope);
    // The first one was given up in between, and cut again.
    expect([cache.size, made]).toEqual([3, scopes.length + 1]);
    of(scopes.at(-1) ?? '');
    expect(made).toBe(scopes.length + 1);
    of(scopes[0] ?? '');
    expect(made).toBe(scopes.length + 2);
  });
});

describe('S64: what a token is told of what it lacks', () => {
  it('of a module it has nothing of, the same as of what does not exist', () => {
    const lacks = said('{ faxes { items { id } } }', { scope: 'gql:calls:read' }), isNot = said('{ foxes { items { id } } }', { scope: 'gql:calls:read' });
    expect(lacks).toEqual(isNot.map(one => ({ ...one, message: one.message.replace('foxes', 'faxes') })));
    expect(lacks).toEqual([{ message: 'Cannot query field "faxes" on type "Query".', code: 'invalid_request', status: undefined, scope: undefined }]);
    expect(said('mutation { send_fax(to: "1", text: "x") { id } }', { scope: 'gql:calls:read' })).toEqual([{ message: 'Cannot query field "send_fax" on type "Mutation".', code: 'invalid_request', status: undefined, scope: undefined }]);
    expect(said('{ call_log { items { recording_details { id } } } }', { scope: 'gql:calllog:read' })).toMatchObject([{ code: 'invalid_request' }]);
  });
  it('of a module it has another scope of, which scope is missing', () => {
    expect(said('mutation { send_fax(to: "1", text: "x") { id } }', { scope: 'gql:faxes:read gql:calls:write' })).toMatchObject([{ code: 'insufficient_scope', scope: 'gql:faxes:write' }]);
    expect(said('{ faxes { items { id } } }', { scope: 'gql:faxes:write' })).toMatchObject([{ code: 'insufficient_scope', scope: 'gql:faxes:read' }]);
    expect(said('mutation { set_mailbox(extension: "1", enabled: true) { enabled } }', { scope: 'gql:voicemail:write:delete' })).toMatchObject([{ code: 'insufficient_scope', scope: 'gql:voicemail:write' }]);
  });
  it('S77, S78: where a bound takes it away, which bound', () => {
    expect(said('mutation { set_mailbox(extension: "1", enabled: true) { enabled } }', { access_level: 'call_api' })).toMatchObject([{ code: 'access_denied', status: 'app_access_type_deny' }]);
    expect(said('mutation { delete_voicemail(id: "1") }', { access_level: 'call_api' })).toEqual([]);
    expect(said('mutation { delete_voicemail(id: "1") }', { read_only: true })).toMatchObject([{ code: 'access_denied', status: 'user_access_type_deny' }]);
    expect(said('{ voicemail { items { id } } }', { read_only: true })).toEqual([]);
    expect(new EffectiveScopes({ ...rights, account_kind: 'api_access' }).scopes.size).toBe(0);
  });
  it('and is never helped to guess', () => {
    for (const query of ['{ cals { items { id } } }', '{ calls(extention: "1") { items { id } } }', '{ calls { items { idd } } }', '{ calls { items { ... on Cal { id } } } }', '{ calls { items { ... on Recordin { id } } } }', 'query ($x: Strin) { calls { next_cursor } }', '{ calls @includ(if: true) { next_cursor } }']) {
      const answers = said(query);
      expect(answers.length).toBeGreaterThan(0);
      for (const { message } of answers) expect(message).not.toMatch(/did you mean/i);
    }
  });
});

describe('S79: the limits', () => {
  const measure = (query: string) => measureQuery(parse(query, { maxTokens: 2500 }), itemsBelow);
  const nested = (depth: number): string => `{ ${'a { '.repeat(depth)}b${' }'.repeat(depth)} }`;
  it.each<[string, string]>([
    ['fifty deep', nested(50)], ['a thousand aliases', `{ ${Array.from({ length: 60 }, (_none, at) => `a${String(at)}: user { id }`).join(' ')} }`],
    ['a fragment that spreads itself', '{ ...a } fragment a on Query { ...b } fragment b on Query { ...a }'], ['a flood of directives', `{ user ${'@skip(if: false) '.repeat(60)}{ id } }`],
    ['pages in pages in pages', '{ call_log(limit: 200) { items { x { call_log(limit: 200) { items { y { id } } } } } } }'], ['a page of unknown size in another', 'query ($n: Int) { calls(limit: $n) { items { calls(limit: $n) { items { id } } } } }'],
    ['a list in each item of a page', '{ call_log(limit: 200) { items { switchboard_details { member_details { a: name b: name } } } } }'], ['what happens at each of many switchboards, member by member', '{ switchboards(limit: 200) { items { state { members { extension state } } } } }'],
    ['fragments that double each other', `{ ...f0 } ${Array.from({ length: 20 }, (_none, at) => `fragment f${String(at)} on Query { ...f${String(at + 1)} ...f${String(at + 1)} }`).join(' ')} fragment f20 on Query { user { id } }`],
    ['eleven operations', Array.from({ length: 11 }, (_none, at) => `query q${String(at)} { user { id } }`).join(' ')],
  ])('refuse %s', (_what, query) => {
    const began = process.cpuUsage();
    expect(() => measure(query)).toThrow(QueryTooLarge);
    const { user, system } = process.cpuUsage(began);
    expect(user + system).toBeLessThan(1_000_000);
  });
  it('refuse more words than a query needs before they are read', () => { expect(() => measure(`{ ${'user { id } '.repeat(2000)} }`)).toThrow('tokens'); });
  it('let through what people ask, and the introspection of every client', () => {
    expect(measure('{ call_log(limit: 200) { items { id from to extension_details { name call_forward { busy { target } } } } } user { id } }')).toEqual({ rootFields: 2, cost: expect.any(Number) as number });
    measure('{ switchboards { items { name state { waiting members { extension state } } member_details { name } } } }');
    measure(getIntrospectionQuery({ descriptions: true, specifiedByUrl: true, directiveIsRepeatable: true, schemaDescription: true, inputValueDeprecation: true }));
  });
  it('count each field of the root as an operation', () => { expect(measure('{ a: user { id } b: user { id } ...f } fragment f on Query { c: user { id } }').rootFields).toBe(3); });
});
