import { account, application, native, tenant } from '@strowger/oauth-core/facts.fixture';
import { Grants } from '@strowger/oauth-core/ports';
import { GrantFacts } from '@strowger/oauth-core/refresh-token';
import { Standing } from '@strowger/oauth-core/standing';

/** Grants as their tests see them. `pass`: so many seconds go by for the database; `eventTypes`: all that was recorded, in no order. */
export interface GrantsScene {
  readonly grants: Grants;
  pass(seconds: number): Promise<void>;
  /** An access token of this generation is stored. */
  storeToken(grantId: string, generation: number): Promise<void>;
  /** The grant is one of an authorization code, issued now. */
  issueCode(grantId: string): Promise<void>;
  removeConsent(standing: Standing): Promise<void>;
  /** From now on somebody removes the consent between a grant's insert and the look at it. */
  removeConsentAfterInsert(standing: Standing): void;
  eventTypes(): Promise<string[]>;
}
const origin = { ip: '192.0.2.1', user_agent: 'test', request_id: 'r' };
const GRACE = 1;
let accounts = 0;
/** Of an account that nobody used before. */
const newStanding = (): Standing => ({ tenant: tenant({ refresh_token_ttl_seconds: 600, sign_out_version: 3 }), application: native({ sign_out_version: 4 }), account: account({ id: `account${String(++accounts)}`, sign_out_version: 5 }) });

/** What every adapter of `Grants` keeps to; `make` gives a scene without events. */
export function grantsBehaviour(make: () => Promise<GrantsScene>): void {
  const begun = async (scene: GrantsScene, standing = newStanding()): Promise<GrantFacts> => scene.grants.begin(standing, 'password', 'rest', origin);
  const live = async (scene: GrantsScene, id: string): Promise<GrantFacts> => {
    const read = await scene.grants.read(id);
    if (!read) throw new Error('no grant');
    return read.grant;
  };

  it('begins active, under the versions of now, and ends where the tenant says', async () => {
    const scene = await make(), standing = newStanding(), grant = await begun(scene, standing);
    expect(grant).toMatchObject({ tenant_id: 'tenant', application_id: 'native', account_id: standing.account.id, grant_type: 'password', scope: 'rest', status: 'active', generation: 0, version: 1, sign_out_versions: { tenant: 3, application: 4, account: 5 } });
    expect(grant.expires_at.getTime() - grant.created_at.getTime()).toBe(600_000);
    const read = await scene.grants.read(grant.id);
    expect(read?.grant).toEqual(grant);
    expect(Math.abs((read?.now.getTime() ?? 0) - grant.created_at.getTime())).toBeLessThan(10_000);
    expect(await scene.grants.read('A'.repeat(22))).toBeUndefined();
  });
  it('implies a consent once, and again only where more is asked', async () => {
    const scene = await make(), standing = newStanding();
    await begun(scene, standing);
    await scene.grants.begin(standing, 'password', 'rest', origin);
    expect((await scene.eventTypes()).sort()).toEqual(['consent.granted', 'grant.created', 'grant.created']);
    await scene.grants.begin(standing, 'password', 'gql', origin);
    expect((await scene.eventTypes()).filter(type => type === 'consent.granted')).toHaveLength(2);
  });
  it('revokes what began while its consent was removed', async () => {
    const scene = await make(), standing = newStanding();
    scene.removeConsentAfterInsert(standing);
    await expect(begun(scene, standing)).rejects.toMatchObject({ code: 'invalid_grant' });
    expect((await scene.eventTypes()).sort()).toEqual(['consent.granted', 'grant.created', 'grant.revoked']);
  });
  it('rotates once, then not again within the grace, and never from a generation that has passed', async () => {
    const scene = await make(), first = await begun(scene);
    expect(await scene.grants.rotate(first, GRACE)).toBe(true);
    const second = await live(scene, first.id);
    expect(second).toMatchObject({ generation: 1, version: 1 });
    expect(second.rotated_at).toBeInstanceOf(Date);
    expect(await scene.grants.rotate(first, GRACE)).toBe(false);
    expect(await scene.grants.rotate(second, GRACE)).toBe(false);
    await scene.pass(GRACE);
    expect(await scene.grants.rotate(first, GRACE)).toBe(false);
    expect(await scene.grants.rotate(second, GRACE)).toBe(true);
    expect(await live(scene, first.id)).toMatchObject({ generation: 2 });
  });
  it('S48: lets one of many parallel rotations through', async () => {
    const scene = await make(), grant = await begun(scene);
    const moved = await Promise.all(Array.from({ length: 30 }, () => scene.grants.rotate(grant, GRACE)));
    expect(moved.filter(Boolean)).toHaveLength(1);
    expect(await live(scene, grant.id)).toMatchObject({ generation: 1 });
  });
  it('rotates grants side by side, and where one may not be, nobody is told that a grant moved which did not', async () => {
    const scene = await make(), grants = await Promise.all(Array.from({ length: 12 }, () => begun(scene)));
    expect(await Promise.all(grants.slice(0, 6).map(grant => scene.grants.rotate(grant, GRACE)))).toEqual(Array.from({ length: 6 }, () => true));
    const moved = await Promise.all(grants.map(grant => scene.grants.rotate(grant, GRACE)));
    expect(moved.slice(0, 6)).toEqual(Array.from({ length: 6 }, () => false));
    const now = await Promise.all(grants.map(async grant => (await live(scene, grant.id)).generation));
    expect(now).toEqual(Array.from({ length: 12 }, () => 1));
    const unmoved = await begun(scene);
    expect(await scene.grants.rotate({ ...unmoved, generation: 1 }, GRACE)).toBe(false);
    expect(await live(scene, unmoved.id)).toMatchObject({ generation: 0 });
  });
  it('knows which generation was answered', async () => {
    const scene = await make(), grant = await begun(scene), other = await begun(scene);
    await scene.storeToken(grant.id, 1);
    await scene.storeToken(other.id, 2);
    expect(await Promise.all([scene.grants.answered(grant.id, 1), scene.grants.answered(grant.id, 0), scene.grants.answered(grant.id, 2), scene.grants.answered(other.id, 2)])).toEqual([true, false, false, true]);
  });
  it('S47: revokes for reuse once, whoever finds out, with both events; and rotates no more', async () => {
    const scene = await make(), grant = await begun(scene);
    await Promise.all(Array.from({ length: 5 }, () => scene.grants.revokeForReuse(grant, origin)));
    await scene.grants.revokeForReuse(await live(scene, grant.id), origin);
    expect(await live(scene, grant.id)).toMatchObject({ status: 'revoked', version: 2 });
    expect((await scene.eventTypes()).sort()).toEqual(['consent.granted', 'grant.created', 'grant.reuse_detected', 'grant.revoked']);
    expect(await scene.grants.rotate(grant, GRACE)).toBe(false);
  });
  it('S76: revokes when asked to, once, whoever asks, with one event; and rotates no more', async () => {
    const scene = await make(), grant = await begun(scene), other = await begun(scene);
    await Promise.all(Array.from({ length: 5 }, () => scene.grants.revoke(grant, 'revoked_by_client', { client_id: 'c' }, origin)));
    await scene.grants.revoke(await live(scene, grant.id), 'revoked_by_client', { client_id: 'c' }, origin);
    expect([await live(scene, grant.id), await live(scene, other.id)]).toMatchObject([{ status: 'revoked', version: 2 }, { status: 'active', version: 1 }]);
    expect((await scene.eventTypes()).filter(type => type === 'grant.revoked')).toHaveLength(1);
    expect(await scene.grants.rotate(grant, GRACE)).toBe(false);
  });
  it('revokes although a rotation came between, and keeps the grants of others', async () => {
    const scene = await make(), grant = await begun(scene), other = await begun(scene, { ...newStanding(), application: application() });
    await scene.grants.rotate(grant, GRACE);
    await scene.grants.revokeForReuse(grant, origin);
    expect(await live(scene, grant.id)).toMatchObject({ status: 'revoked', generation: 1 });
    expect(await live(scene, other.id)).toMatchObject({ status: 'active' });
  });
  it('S44: lets one of many parallel uses of a code through, and tells when it was used', async () => {
    const scene = await make(), grant = await begun(scene);
    await scene.issueCode(grant.id);
    expect((await live(scene, grant.id)).code?.used_at).toBeUndefined();
    expect((await Promise.all(Array.from({ length: 30 }, () => scene.grants.useCode(grant)))).filter(Boolean)).toHaveLength(1);
    expect((await live(scene, grant.id)).code?.used_at).toBeInstanceOf(Date);
    expect(await scene.grants.useCode(await live(scene, grant.id))).toBe(false);
  });
  it('S44: uses codes side by side, and tells each caller of its own, also where one was used before', async () => {
    const scene = await make(), grants = await Promise.all(Array.from({ length: 4 }, () => begun(scene))), [used] = grants;
    if (!used) throw new Error('no grant');
    for (const grant of grants) await scene.issueCode(grant.id);
    expect(await scene.grants.useCode(used)).toBe(true);
    expect(await Promise.all(grants.map(grant => scene.grants.useCode(grant)))).toEqual([false, true, true, true]);
  });
  it('uses no code of a revoked grant, nor one that a grant never had', async () => {
    const scene = await make(), grant = await begun(scene), other = await begun(scene);
    await scene.issueCode(grant.id);
    await scene.grants.revoke(await live(scene, grant.id), 'revoked_by_client', { client_id: 'c' }, origin);
    expect([await scene.grants.useCode(grant), await scene.grants.useCode(other)]).toEqual([false, false]);
    expect((await live(scene, other.id)).code).toBeUndefined();
  });
  it('knows whether the consent under a grant stands now', async () => {
    const scene = await make(), standing = newStanding(), grant = await begun(scene, standing);
    expect(await scene.grants.consented(grant)).toBe(true);
    await scene.removeConsent(standing);
    expect(await scene.grants.consented(grant)).toBe(false);
    expect(await scene.grants.consented({ ...grant, application_id: 'another' })).toBe(false);
  });
}
