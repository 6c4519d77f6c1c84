import { AccountsReader } from '@strowger/models/accounts/accounts.reader';
import { ApplicationsReader } from '@strowger/models/applications/applications.reader';
import { ScopesReader } from '@strowger/models/scopes/scopes.reader';
import { TenantsReader } from '@strowger/models/tenants/tenants.reader';
import { CachedFacts } from './cached-facts';
import { FactCache } from './fact-cache';

/** A store of which each read is known, and a clock that moves when told. */
class Scene {
  at = 1000;
  readonly values = new Map<string, string>();
  readonly reads: string[] = [];
  fails = false;
  /** While set, reads wait for it. */
  gate: Promise<void> | undefined;
  readonly cache = new FactCache<string>(async keys => {
    this.reads.push(...keys);
    const found = new Map([...this.values].filter(([key]) => keys.includes(key)));
    await this.gate;
    if (this.fails) throw new Error('away');
    return found;
  }, () => this.at);
}
let scene: Scene;
beforeEach(() => { scene = new Scene(); scene.values.set('a', 'one'); });

describe('a cached fact', () => {
  it('is read once and kept for less than five seconds from the moment its read was sent', async () => {
    expect([await scene.cache.get('a'), await scene.cache.get('a')]).toEqual(['one', 'one']);
    scene.values.set('a', 'two');
    scene.at += 4999;
    expect(await scene.cache.get('a')).toBe('one');
    scene.at += 1;
    expect(await scene.cache.get('a')).toBe('two');
    expect(scene.reads).toEqual(['a', 'a']);
  });
  it('counts its age from the sending, however long the answer took', async () => {
    let open: () => void = () => undefined;
    scene.gate = new Promise(resolve => { open = resolve; });
    const first = scene.cache.get('a');
    await new Promise(resolve => setImmediate(resolve));
    scene.at += 4000;
    open();
    expect(await first).toBe('one');
    scene.gate = undefined;
    scene.values.set('a', 'two');
    scene.at += 1000;
    expect(await scene.cache.get('a')).toBe('two');
  });
  it('that many ask for at once is read once', async () => {
    expect(await Promise.all(Array.from({ length: 50 }, () => scene.cache.get('a')))).toEqual(Array(50).fill('one'));
    expect(scene.reads).toEqual(['a']);
  });
  it('is read anew when an event says so, also while a read is under way', async () => {
    let open: () => void = () => undefined;
    scene.gate = new Promise(resolve => { open = resolve; });
    const before = scene.cache.get('a');
    await new Promise(resolve => setImmediate(resolve));
    scene.values.set('a', 'two');
    scene.cache.forget('a');
    const after = scene.cache.get('a');
    open();
    expect([await before, await after, await scene.cache.get('a')]).toEqual(['one', 'two', 'two']);
    scene.values.set('a', 'three');
    scene.cache.clear();
    expect(await scene.cache.get('a')).toBe('three');
  });
  it('whose read failed is not kept', async () => {
    scene.fails = true;
    await expect(scene.cache.get('a')).rejects.toThrow('away');
    scene.fails = false;
    expect(await scene.cache.get('a')).toBe('one');
  });
  it('asked for fresh is read now, whatever is kept', async () => {
    await scene.cache.get('a');
    scene.values.set('a', 'two');
    expect([await scene.cache.fresh('a'), await scene.cache.get('a')]).toEqual(['two', 'two']);
  });
});

describe('absence', () => {
  it('is remembered for less than a second', async () => {
    expect([await scene.cache.get('b'), await scene.cache.get('b')]).toEqual([undefined, undefined]);
    expect(scene.reads).toEqual(['b']);
    scene.values.set('b', 'made');
    scene.at += 1000;
    expect(await scene.cache.get('b')).toBe('made');
  });
  it('of any number of names takes no more than bounded room, and pushes nothing out that exists', async () => {
    await scene.cache.get('a');
    for (let i = 0; i < 5000; i++) await scene.cache.get(`guess ${String(i)}`);
    const { absent, readAgainAt } = scene.cache as unknown as { absent: Map<string, unknown>; readAgainAt: Map<string, unknown> };
    for (let i = 0; i < 5000; i++) await scene.cache.again(`guess ${String(i)}`);
    expect([absent.size, readAgainAt.size].every(size => size <= 2000)).toBe(true);
    scene.reads.length = 0;
    expect(await scene.cache.get('a')).toBe('one');
    expect(scene.reads).toEqual([]);
  });
});

describe('what did not match', () => {
  it('is judged again on a fresh read, unless the entry is younger than 100 ms', async () => {
    await scene.cache.get('a');
    scene.values.set('a', 'two');
    scene.at += 99;
    expect(await scene.cache.again('a')).toBe('one');
    scene.at += 1;
    expect(await scene.cache.again('a')).toBe('two');
  });
  it('is read again at most once a second a key, so that guesses cost the database nothing', async () => {
    await scene.cache.get('a');
    for (let i = 0; i < 100; i++) { scene.at += 20; await scene.cache.again('a'); }
    expect(scene.reads.length).toBeLessThanOrEqual(4);
  });
});

describe('facts behind the cache', () => {
  const reads: string[] = [];
  const read = (what: string) => (keys: readonly string[]) => { reads.push(`${what} ${keys.join()}`); return Promise.resolve([]); };
  const facts = new CachedFacts({
    applications: { byClientIds: (keys: readonly string[]) => { reads.push(`client ${keys.join()}`); return Promise.resolve(keys.map(client_id => ({ client_id }))); }, byIds: (keys: readonly string[]) => { reads.push(`application ${keys.join()}`); return Promise.resolve(keys.map(id => ({ id }))); } } as unknown as ApplicationsReader,
    accounts: { byIds: (keys: readonly string[]) => { reads.push(`account ${keys.join()}`); return Promise.resolve(keys.map(id => ({ id }))); }, byUsernames: read('name') } as unknown as AccountsReader,
    tenants: { byIds: (keys: readonly string[]) => { reads.push(`tenant ${keys.join()}`); return Promise.resolve(keys.map(id => ({ id }))); } } as unknown as TenantsReader,
    scopes: { grantable: () => { reads.push('scopes'); return Promise.resolve(['rest:x:read']); } } as unknown as ScopesReader,
  });
  const all = async (): Promise<string[]> => {
    reads.length = 0;
    await Promise.all([facts.applicationByClientId('c'), facts.application('a'), facts.account('u'), facts.tenant('t'), facts.knownScopes()]);
    return [...reads].sort();
  };
  const event = (type: string, data: object) => ({ specversion: '1.0' as const, id: 'i', source: '/x/y', type, time: '2026-01-01T00:00:00.000Z', data });
  beforeEach(all);
  it.each<[string, object, string[]]>([
    ['application.disabled', { application_id: 'a', client_id: 'c' }, ['application a', 'client c']], ['credentials.regenerated', { application_id: 'a', client_id: 'c', new_client_id: 'n' }, ['application a', 'client c']],
    ['secret.rotated', { application_id: 'a', client_id: 'c' }, ['application a', 'client c']], ['account.blocked', { account_id: 'u', tenant_id: 't' }, ['account u']], ['tenant.updated', { tenant_id: 't' }, ['tenant t']],
    ['scope.announced', { scope: 'rest:x' }, ['scopes']], ['scope.withdrawn', {}, ['scopes']], ['account.updated', { account_id: 'other' }, []], ['made.up', { account_id: 7 }, []], ['account.blocked', { account_id: { $ne: '' } }, []],
  ])('%s %j forgets what it may have changed, and nothing else', async (type, data, read_) => {
    expect(await all()).toEqual([]);
    facts.invalidate([event(type, data)]);
    expect(await all()).toEqual(read_);
  });
  it('are all forgotten when the feed may have missed something', async () => {
    facts.clear();
    expect(await all()).toEqual(['account u', 'application a', 'client c', 'scopes', 'tenant t']);
  });
  it('survive an event without data', () => { expect(() => { facts.invalidate([{ specversion: '1.0', id: 'i', source: 's', type: 'tenant.updated', time: '2026-01-01T00:00:00.000Z' }]); }).not.toThrow(); });
});
