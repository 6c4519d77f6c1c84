import { createPublicKey, verify } from 'node:crypto';
import { InMemorySigningKeys } from '@strowger/models/signing-keys/signing-keys.fake';
import { KeyUpkeep } from './key-upkeep';
import { RotateKeys } from './rotate-keys';
import { WrappingKey } from './signing-key';
import { SigningKeys } from './signing-keys';

const wrapping = { id: 'k1', secret: Buffer.alloc(32, 1) }, newer = { id: 'k2', secret: Buffer.alloc(32, 2) };
const HOUR = 3600, DAY = 24 * HOUR;
const times = { rotationSeconds: 30 * DAY, publishedSeconds: 3 * HOUR, longestTokenSeconds: HOUR };

/** Keys in memory, some of whose reads come out otherwise. */
class Interrupted extends InMemorySigningKeys {
  reads = 0;
  readonly instead: ReturnType<InMemorySigningKeys['all']>[] = [];
  override all(): ReturnType<InMemorySigningKeys['all']> { this.reads++; return this.instead.shift() ?? super.all(); }
}

/** A deployment whose time passes when told; each instance has a running clock of its own beside it. */
class Deployment {
  at = Date.UTC(2026, 0, 1);
  private running = 0;
  readonly store = new Interrupted(() => new Date(this.at));

  pass(seconds: number): void { this.at += seconds * 1000; this.running += seconds * 1000; }
  /** The machine sleeps: only the wall's clock goes on. */
  sleep(seconds: number): void { this.at += seconds * 1000; }
  instance(keys: readonly WrappingKey[] = [wrapping], fields: Partial<typeof times> = {}) {
    const settings = { ...times, ...fields, now: () => new Date(this.at), running: () => this.running };
    const known = new SigningKeys(this.store, keys, settings), rotation = new RotateKeys(this.store, known, keys, settings);
    return { keys: known, rotation, upkeep: async () => { await rotation.upkeep(await known.load()); } };
  }
  statuses(): Record<string, string> { return Object.fromEntries([...this.store.keys.values()].map(({ _id, status }) => [_id, status])); }
  kid(status: string): string { return Object.entries(this.statuses()).find(([, one]) => one === status)?.[0] ?? `no ${status} key`; }
}
const published = (keys: SigningKeys): string[] => (JSON.parse(keys.jwks()) as { keys: { kid: string }[] }).keys.map(({ kid }) => kid);
const verifies = (keys: SigningKeys, token: string): boolean => {
  const [header = '', payload = '', signature = ''] = token.split('.'), { kid } = JSON.parse(Buffer.from(header, 'base64url').toString()) as { kid: string };
  const jwk = (JSON.parse(keys.jwks()) as { keys: { kid: string; kty: string; crv: string; x: string; y: string }[] }).keys.find(one => one.kid === kid);
  return jwk !== undefined && verify('sha256', Buffer.from(`${header}.${payload}`), { key: createPublicKey({ key: jwk, format: 'jwk' }), dsaEncoding: 'ieee-p1363' }, Buffer.from(signature, 'base64url'));
};

describe('the deployment\'s keys', () => {
  it('are one that signs and one that comes next, which every instance publishes', async () => {
    const deployment = new Deployment(), [one, other] = [deployment.instance().keys, deployment.instance().keys];
    for (const ask of [() => one.signer(), () => one.jwks()]) expect(ask).toThrow('does not know');
    expect(one.isReady()).toBe(false);
    await Promise.all([one.load(), other.load()]);
    expect(Object.values(deployment.statuses()).sort()).toEqual(['active', 'next']);
    expect([one.signer().kid, other.signer().kid]).toEqual([deployment.kid('active'), deployment.kid('active')]);
    expect(published(other).sort()).toEqual([...deployment.store.keys.keys()].sort());
    const { public_jwk, _id } = deployment.store.keys.get(one.signer().kid) ?? {};
    expect((JSON.parse(one.jwks()) as { keys: unknown[] }).keys).toContainEqual({ ...public_jwk, kid: _id, use: 'sig', alg: 'ES256' });
    expect(verifies(other, one.signer().sign({}))).toBe(true);
  });
  it('that were read by an older read do not replace those of a newer one', async () => {
    const deployment = new Deployment(), { keys, rotation } = deployment.instance();
    const before = await keys.load(), late = Promise.withResolvers<typeof before>();
    deployment.store.instead.push(late.promise);
    const loading = keys.load();
    deployment.pass(3 * HOUR);
    await rotation.run();
    late.resolve(before);
    await loading;
    expect(keys.signer().kid).toBe(deployment.kid('active'));
  });
  it.each(['pass', 'sleep'] as const)('are not signed with on the strength of a read more than a minute old (%s), nor published on one of half the time for which a key is published', async how => {
    const deployment = new Deployment(), { keys } = deployment.instance();
    await keys.load();
    deployment[how](60);
    expect(keys.signer().kid).toBe(deployment.kid('active'));
    deployment[how](1);
    expect(() => keys.signer()).toThrow('does not know');
    expect(keys.isReady()).toBe(false);
    deployment[how](1.5 * HOUR - 61);
    expect(published(keys)).toHaveLength(2);
    deployment[how](1);
    expect(() => keys.jwks()).toThrow('does not know');
    await keys.load();
    expect([keys.isReady(), published(keys).length]).toEqual([true, 2]);
  });
  it('of a deployment from before keys rotated get a next one', async () => {
    const deployment = new Deployment(), { keys } = deployment.instance();
    await keys.load();
    const old = [...deployment.store.keys.values()].find(key => key.status === 'active');
    if (!old) throw new Error('no key');
    delete old.published_at;
    delete old.activated_at;
    delete old.longest_token_seconds;
    deployment.store.keys.clear();
    deployment.store.keys.set(old._id, old);
    await deployment.instance().upkeep();
    expect(deployment.statuses()).toMatchObject({ [old._id]: 'active' });
    expect(deployment.kid('next')).not.toContain('no next');
    expect(deployment.store.keys.get(old._id)).toMatchObject({ longest_token_seconds: HOUR });
  });
});

describe('a new wrapping key', () => {
  it('opens nothing alone, but beside the old one; what signs is then encrypted under it, and the old one may go', async () => {
    const deployment = new Deployment();
    await deployment.instance().keys.load();
    await expect(deployment.instance([newer]).keys.load()).rejects.toThrow('k1');
    const { keys } = deployment.instance([newer, wrapping]);
    await keys.load();
    expect([...deployment.store.keys.values()].map(key => key.private_key?.wrapped_by)).toEqual(['k2', 'k2']);
    const alone = deployment.instance([newer]).keys;
    await alone.load();
    expect(verifies(keys, alone.signer().sign({}))).toBe(true);
  });
  it('that an instance does not know yet keeps it from signing with the key under it, and from nothing else', async () => {
    const deployment = new Deployment(), old = deployment.instance();
    await old.keys.load();
    await deployment.instance([newer, wrapping]).keys.load();
    deployment.pass(3 * HOUR);
    await deployment.instance([newer, wrapping]).rotation.run();
    await expect(old.keys.load()).rejects.toThrow('k2');
    expect(published(old.keys)).toHaveLength(3);
    expect(old.keys.isReady()).toBe(false);
  });
});

describe('a rotation', () => {
  const begun = async () => {
    const deployment = new Deployment(), one = deployment.instance(), other = deployment.instance();
    await Promise.all([one.keys.load(), other.keys.load()]);
    return { deployment, one, other };
  };

  it('waits until the next key was published for as long as others keep what they fetched, and says until when', async () => {
    const { deployment, one } = await begun(), active = deployment.kid('active');
    deployment.pass(3 * HOUR - 1);
    expect(await one.rotation.run()).toEqual({ rotated: false, kid: active, reason: 'not_published_long_enough', possible_at: new Date(Date.UTC(2026, 0, 1, 3)).toISOString() });
    expect(deployment.store.events).toEqual([]);
    deployment.pass(1);
    expect(await one.rotation.run()).toEqual({ rotated: true, kid: deployment.kid('active'), previous_kid: active });
  });
  it('signs with the key that was published, publishes another, and still publishes the one whose tokens live', async () => {
    const { deployment, one, other } = await begun(), token = one.keys.signer().sign({}), next = deployment.kid('next');
    deployment.pass(1.5 * HOUR);
    await other.keys.load();
    deployment.pass(1.5 * HOUR);
    await one.rotation.run();
    expect(one.keys.signer().kid).toBe(next);
    expect(published(one.keys)).toHaveLength(3);
    expect(verifies(one.keys, token)).toBe(true);
    expect(verifies(other.keys, one.keys.signer().sign({}))).toBe(true);
    expect(deployment.store.keys.get(deployment.kid('retiring'))).not.toHaveProperty('private_key');
  });
  it('happens once, however many ask at once', async () => {
    const { deployment, one, other } = await begun();
    deployment.pass(3 * HOUR);
    const replies = await Promise.all([one.rotation.run(), other.rotation.run(), one.rotation.run()]);
    expect(replies.filter(reply => reply.rotated)).toHaveLength(1);
    expect(new Set(replies.map(reply => reply.kid))).toEqual(new Set([deployment.kid('active')]));
    for (const reply of replies) if (!reply.rotated) expect(reply.reason).toBe('rotated_meanwhile');
    expect(deployment.store.events).toHaveLength(1);
  });
  it('comes by itself when a key has signed for its time, once, whichever instance is awake', async () => {
    const { deployment, one, other } = await begun(), first = deployment.kid('active');
    deployment.pass(30 * DAY - 1);
    await Promise.all([one.upkeep(), other.upkeep()]);
    expect(deployment.kid('active')).toBe(first);
    deployment.pass(1);
    await Promise.all([one.upkeep(), other.upkeep()]);
    await other.upkeep();
    expect(deployment.kid('retiring')).toBe(first);
    expect(deployment.store.keys.size).toBe(3);
    expect([one.keys.signer().kid, other.keys.signer().kid]).toEqual([deployment.kid('active'), deployment.kid('active')]);
  });
  it('forgets the old key when the last token that it may have signed has expired, at the longest life that was ever allowed', async () => {
    const { deployment } = await begun(), longer = deployment.instance([wrapping], { longestTokenSeconds: DAY }), shorter = deployment.instance([wrapping], { longestTokenSeconds: 60 });
    await longer.keys.load();
    deployment.pass(3 * HOUR);
    await shorter.rotation.run();
    deployment.pass(DAY + 60 + 599);
    await shorter.upkeep();
    expect(deployment.kid('retiring')).not.toContain('no');
    deployment.pass(1);
    await shorter.upkeep();
    await shorter.upkeep();
    expect(deployment.kid('retiring')).toContain('no retiring');
    expect(published(shorter.keys)).toHaveLength(2);
  });
  it('of a compromised key withdraws it at once, needs a next one that every instance has read, and done twice replaces both', async () => {
    const { deployment, one } = await begun(), [first, second] = [deployment.kid('active'), deployment.kid('next')], token = one.keys.signer().sign({});
    expect(await one.rotation.run({ compromised: true })).toMatchObject({ rotated: false, possible_at: new Date(deployment.at + 30_000).toISOString() });
    deployment.pass(30);
    expect(await one.rotation.run({ compromised: true })).toMatchObject({ rotated: true, kid: second, previous_kid: first });
    expect(verifies(one.keys, token)).toBe(false);
    expect(deployment.store.events).toEqual([`key.rotated ${second}`, `key.withdrawn ${first}`]);
    deployment.pass(30);
    await one.rotation.run({ compromised: true });
    expect(Object.keys(deployment.statuses())).not.toEqual(expect.arrayContaining([first]));
    expect(Object.keys(deployment.statuses())).not.toEqual(expect.arrayContaining([second]));
    expect(published(one.keys)).toHaveLength(2);
  });
});

describe('the upkeep', () => {
  it('reads the keys at once when an event tells of them, and goes on after a failure', async () => {
    const deployment = new Deployment(), warned: unknown[] = [], { keys, rotation } = deployment.instance(), other = deployment.instance();
    await keys.load();
    deployment.pass(3 * HOUR);
    await other.keys.load();
    await other.rotation.run();
    const upkeep = new KeyUpkeep(keys, rotation, 0.04, { warn: (...said: unknown[]) => { warned.push(said); } } as never);
    upkeep.heard([{ specversion: '1.0', id: 'i', source: 's', type: 'token.revoked', time: '' }]);
    upkeep.heard([{ specversion: '1.0', id: 'i', source: 's', type: 'key.rotated', time: '' }]);
    for (let turn = 0; turn < 20; turn++) await Promise.resolve();
    expect(keys.signer().kid).toBe(deployment.kid('active'));
    const before = deployment.store.reads, away = () => { const failing = Promise.reject(new Error('away')); failing.catch(() => undefined); return failing; };
    deployment.store.instead.push(away(), away());
    upkeep.start();
    while (deployment.store.reads < before + 4) await new Promise(resolve => setTimeout(resolve, 5));
    await upkeep.stop();
    expect(warned).toHaveLength(1);
  });
});
