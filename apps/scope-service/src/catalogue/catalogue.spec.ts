import { ScopeDocument } from '@strowger/models/scopes/scopes.schema';
import { cursorAfter, ScopeListQuery } from './scope-list.query';
import { scopeTree } from './scope-tree';

const announced = (scope: string): ScopeDocument => ({
  _id: scope, tenant_id: '_', version: 1, api_type: 'rest', module: 'm', description: `about ${scope}`, access_level: 'all', opens: [], announced_by: 'pbx-api-service',
  status: 'active', last_seen: new Date(0),
});

describe('the tree of scopes', () => {
  it('has each part once, in order, with what was announced of it', () => {
    const tree = scopeTree(['gql:fax:read', 'rest:fax', 'rest:fax:write', 'rest:fax:write:incoming', 'rest:fax-log:read', 'rest:voicemail:write:greeting'].map(announced));
    const shape = (nodes: ReturnType<typeof scopeTree>): unknown => nodes.map(node => [node.name, node.description !== undefined, shape(node.children)]);
    expect(shape(tree)).toEqual([
      ['gql', false, [['fax', false, [['read', true, []]]]]],
      ['rest', false, [
        ['fax', true, [['write', true, [['incoming', true, []]]]]],
        ['fax-log', false, [['read', true, []]]],
        ['voicemail', false, [['write', false, [['greeting', true, []]]]]],
      ]],
    ]);
    expect(tree[1]?.children[0]).toMatchObject({ scope: 'rest:fax', announced_by: 'pbx-api-service', access_level: 'all', status: 'active' });
  });
  it('of nothing is empty', () => { expect(scopeTree([])).toEqual([]); });
});

describe('the list query', () => {
  const parsed = (query: object) => ScopeListQuery.safeParse(query);
  it('takes back the cursor it gave, and the limit as a number', () => {
    expect(parsed({ cursor: cursorAfter('rest:fax:write:in-coming_1'), limit: '200' }).data).toEqual({ cursor: 'rest:fax:write:in-coming_1', limit: 200 });
    expect(parsed({}).data).toEqual({ limit: 50 });
  });
  it.each<[string, object]>([
    ['a limit of none', { limit: '0' }], ['a limit over 200', { limit: '201' }], ['a limit that is no number', { limit: '1e2' }], ['an empty limit', { limit: '' }],
    ['a cursor of its own', { cursor: 'x' }], ['a cursor with spare bits', { cursor: `${cursorAfter('rest:fax').slice(0, -1)}A`.replace(/A$/, 'B') }],
    ['a cursor with an operator', { cursor: Buffer.from('{"$gt":""}').toString('base64url') }], ['an unknown type', { api_type: 'soap' }],
    ['a module that is no module', { module: '$ne' }], ['a list (S67)', { q: ['a', 'b'] }], ['an operator (S67)', { q: { $regex: '.*' } }],
    ['an empty search', { q: '' }], ['a search of control characters', { q: 'a\nb' }], ['a search over 100 characters', { q: 'x'.repeat(101) }],
    ['a parameter that there is not', { sort: '_id' }], ['S66: __proto__', JSON.parse('{"__proto__":"x"}') as object],
  ])('refuses %s', (_what, query) => { expect(parsed(query).success).toBe(false); });
});
