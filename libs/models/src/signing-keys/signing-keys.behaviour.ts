import { SigningKeyDocument, SigningKeysPort } from './signing-keys.store';

/** An adapter over no keys yet; `events` are `type kid`, in their order. */
export interface SigningKeysScene { readonly keys: SigningKeysPort; events(): Promise<string[]> }

const key = (kid: string, status: 'active' | 'next', fields: Partial<SigningKeyDocument> = {}): SigningKeyDocument => ({
  _id: kid, tenant_id: '_', version: 1, status, ...(status === 'active' ? { active: true } : { next: true }), public_jwk: { kty: 'EC', crv: 'P-256', x: 'x', y: 'y' },
  private_key: { wrapped_by: 'k', iv: Buffer.alloc(12), tag: Buffer.alloc(16), data: Buffer.from(kid) }, longest_token_seconds: 60, created_at: new Date(Date.UTC(2026, 0, 1) + Number(kid.slice(1))), ...fields,
});

/** What every adapter of the signing keys keeps to. */
export function signingKeysBehaviour(make: () => Promise<SigningKeysScene>): void {
  const begun = async () => {
    const scene = await make(), { keys } = scene;
    await keys.insertFirst(key('k1', 'active'));
    await keys.insertFirst(key('k2', 'next'));
    return scene;
  };
  const standing = async ({ keys }: SigningKeysScene) => (await keys.all()).keys.map(({ _id, status }) => `${_id} ${status}`);
  const pair = async ({ keys }: SigningKeysScene) => {
    const { keys: all } = await keys.all(), [active, next] = [all.find(one => one.status === 'active'), all.find(one => one.status === 'next')];
    if (!active || !next) throw new Error('no pair of keys');
    return { active, next };
  };

  it('has one key that signs and one that comes next, however many instances make them at once', async () => {
    const { keys } = await make();
    for (const status of ['active', 'next'] as const) {
      const made = await Promise.all(Array.from({ length: 8 }, (_, i) => keys.insertFirst(key(`k${String(i)}${status === 'next' ? '0' : '1'}`, status))));
      expect(made.filter(Boolean)).toHaveLength(1);
    }
    const { keys: all, now } = await keys.all();
    expect(all.map(one => one.status).sort()).toEqual(['active', 'next']);
    for (const one of all) expect(Math.abs(now.getTime() - (one.published_at?.getTime() ?? 0))).toBeLessThan(60_000);
  });
  it('lets the next one sign and publishes another in one step; the old one stays without its private half', async () => {
    const scene = await begun(), before = await pair(scene);
    expect(await scene.keys.rotate({ ...before, fresh: key('k3', 'next') }, false)).toBe(true);
    expect(await standing(scene)).toEqual(['k1 retiring', 'k2 active', 'k3 next']);
    const [old, active, fresh] = (await scene.keys.all()).keys;
    expect(old).toMatchObject({ version: 2, retiring_at: expect.any(Date) as Date, public_jwk: { x: 'x' } });
    expect([old?.private_key, old?.active, active?.next]).toEqual([undefined, undefined, undefined]);
    expect(active).toMatchObject({ version: 2, active: true, activated_at: expect.any(Date) as Date });
    expect(Buffer.from(fresh?.private_key?.data ?? []).toString()).toBe('k3');
    expect(await scene.events()).toEqual(['key.rotated k2']);
  });
  it('deletes the old one where it is compromised, and says so', async () => {
    const scene = await begun();
    expect(await scene.keys.rotate({ ...await pair(scene), fresh: key('k3', 'next') }, true)).toBe(true);
    expect(await standing(scene)).toEqual(['k2 active', 'k3 next']);
    expect((await scene.events()).sort()).toEqual(['key.rotated k2', 'key.withdrawn k1']);
  });
  it('rotates once, however many do it at once', async () => {
    const scene = await begun(), before = await pair(scene);
    const done = await Promise.all(Array.from({ length: 8 }, (_, i) => scene.keys.rotate({ ...before, fresh: key(`k${String(i + 3)}`, 'next') }, i % 2 === 0)));
    expect(done.filter(Boolean)).toHaveLength(1);
    expect((await standing(scene)).filter(one => one.endsWith('active'))).toEqual(['k2 active']);
    expect((await standing(scene)).filter(one => one.endsWith('next'))).toEqual([`k${String(done.indexOf(true) + 3)} next`]);
    expect((await scene.events()).filter(one => one.startsWith('key.rotated'))).toEqual(['key.rotated k2']);
  });
  it('changes nothing where the keys are not as they were read', async () => {
    const scene = await begun(), { active, next } = await pair(scene);
    for (const stale of [{ active: { ...active, version: 9 }, next }, { active, next: { ...next, version: 9 } }, { active: next, next: active }]) {
      expect(await scene.keys.rotate({ ...stale, fresh: key('k3', 'next') }, true)).toBe(false);
    }
    expect(await standing(scene)).toEqual(['k1 active', 'k2 next']);
    expect(await scene.events()).toEqual([]);
  });
  it('encrypts a private key anew, unless it changed or is gone', async () => {
    const scene = await begun(), { active, next } = await pair(scene), wrapped = { wrapped_by: 'new', iv: Buffer.alloc(12), tag: Buffer.alloc(16), data: Buffer.from('again') };
    await scene.keys.rewrap(active, wrapped);
    await scene.keys.rewrap(active, { ...wrapped, wrapped_by: 'late' });
    expect((await pair(scene)).active).toMatchObject({ version: 2, private_key: { wrapped_by: 'new' } });
    await scene.keys.rotate({ ...await pair(scene), next, fresh: key('k3', 'next') }, false);
    const [old] = (await scene.keys.all()).keys;
    if (old) await scene.keys.rewrap(old, wrapped);
    expect((await scene.keys.all()).keys[0]).not.toHaveProperty('private_key');
  });
  it('keeps the longest life that a key\'s tokens may have, and not of one that signs no more', async () => {
    const scene = await begun();
    await scene.keys.rotate({ ...await pair(scene), fresh: key('k3', 'next') }, false);
    await scene.keys.lengthen(3600);
    await scene.keys.lengthen(1800);
    expect((await scene.keys.all()).keys.map(one => one.longest_token_seconds)).toEqual([60, 3600, 3600]);
  });
  it('forgets a retiring key, and no other', async () => {
    const scene = await begun(), before = await pair(scene);
    await scene.keys.rotate({ ...before, fresh: key('k3', 'next') }, false);
    const { keys } = await scene.keys.all();
    for (const one of [before.active, ...keys.slice(1)]) await scene.keys.retire(one);
    expect(await standing(scene)).toEqual(['k1 retiring', 'k2 active', 'k3 next']);
    if (keys[0]) await scene.keys.retire(keys[0]);
    expect(await standing(scene)).toEqual(['k2 active', 'k3 next']);
  });
}
