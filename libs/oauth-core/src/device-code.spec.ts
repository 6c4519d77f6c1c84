import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { DEVICE_CODE } from './application-rules';
import { DeviceAuthorizationFacts, newUserCode, shownUserCode, userCodeOf } from './device-authorization';
import { InMemoryDeviceAuthorizations } from './device-authorizations.fake';
import { AccountFacts, ApplicationFacts } from './facts';
import { account, native, tenant } from './facts.fixture';
import { InMemoryFacts } from './facts.fake';
import { Decision } from './grants/grant';
import { deviceCodeGrant } from './grants/device-code.grant';
import { refreshTokenGrant } from './grants/refresh-token.grant';
import { InMemoryGrants } from './grants.fake';
import { OAuthError } from './oauth-error';
import { RefreshKeys } from './refresh-token';

describe('user codes', () => {
  it('S58: are nine random digits: every digit in every place, and hardly one twice', () => {
    const codes = Array.from({ length: 10_000 }, newUserCode);
    expect(codes.every(code => /^\d{9}$/.test(code))).toBe(true);
    for (let place = 0; place < 9; place++) {
      const counts = new Map<string, number>();
      for (const code of codes) counts.set(code.charAt(place), (counts.get(code.charAt(place)) ?? 0) + 1);
      expect(counts.size).toBe(10);
      // Eight standard deviations of a fair digit: a fair one is never there.
      for (const count of counts.values()) expect(Math.abs(count - 1000)).toBeLessThan(240);
    }
    expect(new Set(codes).size).toBeGreaterThan(9_990);
  });
  it('are read however they are grouped, and in any digits', () => {
    expect(shownUserCode('012345678')).toBe('012-345-678');
    for (const typed of ['012345678', '012-345-678', '012 345 678', ' 0 1 2 3 4 5 6 7 8 ', '012.345.678', '012–345–678', '０１２３４５６７８', '012_345_678']) expect(userCodeOf(typed)).toBe('012345678');
    for (const typed of [undefined, '', '12345678', '0123456789', '01234567a', '-1e8', '012345678\0', '٠١٢٣٤٥٦٧٨', '__proto__']) expect([typed, userCodeOf(typed)]).toEqual([typed, undefined]);
  });
  it('come back as they were, whatever is put between their digits', () => {
    fc.assert(fc.property(fc.integer({ min: 0, max: 999_999_999 }), fc.array(fc.constantFrom('-', ' ', '.', '', '\t'), { minLength: 10, maxLength: 10 }), (n, between) => {
      const code = String(n).padStart(9, '0');
      expect(userCodeOf(Array.from(code, (digit, i) => `${between[i] ?? ''}${digit}`).join('') + (between[9] ?? ''))).toBe(code);
    }));
  });
});

const CODE = 'd'.repeat(43), id = createHash('sha256').update(CODE).digest('base64url'), GRACE = 60;
class Scene {
  at = Date.parse('2026-01-01T00:00:00.000Z');
  readonly facts = new InMemoryFacts();
  readonly keys = new RefreshKeys([{ id: 'k', secret: Buffer.alloc(32, 7) }]);
  readonly grants = new InMemoryGrants(() => new Date(this.at), this.keys);
  readonly devices = new InMemoryDeviceAuthorizations(() => new Date(this.at));
  private readonly grant = deviceCodeGrant(this.facts, this.devices, this.grants, this.keys, GRACE);
  readonly refresh = refreshTokenGrant(this.facts, this.grants, this.keys, 10);

  constructor() {
    this.facts.putTenant(tenant());
    this.login(account());
    this.facts.putApplication(native());
    this.devices.devices.set(id, {
      id, tenant_id: 'tenant', version: 1, application_id: 'native', user_code: '012345678', scope: 'rest', sign_out_versions: { tenant: 1, application: 1 }, status: 'pending',
      interval: 5, ip: '192.0.2.1', created_at: new Date(this.at), expires_at: new Date(this.at + 600_000),
    });
  }
  login(one: AccountFacts): AccountFacts { return this.facts.putAccount(one); }
  pass(seconds: number): void { this.at += seconds * 1000; }
  set(fields: Partial<DeviceAuthorizationFacts>): void { this.devices.devices.set(id, { ...this.device(), ...fields }); }
  device(): DeviceAuthorizationFacts {
    const device = this.devices.devices.get(id);
    if (!device) throw new Error('no device');
    return device;
  }
  request(client: ApplicationFacts, params: Record<string, string>) {
    return { client: this.facts.putApplication(client), params: new Map(Object.entries(params)), at: new Date(this.at), origin: { ip: '192.0.2.1', request_id: 'r' } };
  }
  poll(client = native(), params: Record<string, string> = { device_code: CODE }): Promise<Decision> { return this.grant.decide(this.request(client, params)); }
  async approve(scope = 'rest'): Promise<string> {
    const grant = await this.grants.begin({ tenant: tenant(), application: native(), account: account() }, DEVICE_CODE, scope);
    this.set({ status: 'approved', grant_id: grant.id, version: 2 });
    return grant.id;
  }
  async refusal(work = this.poll()): Promise<string> {
    const error = await work.then(() => undefined, (thrown: unknown) => thrown);
    if (!(error instanceof OAuthError)) throw new Error('was not refused', { cause: error });
    return error.code;
  }
}
let scene: Scene;
beforeEach(() => { scene = new Scene(); });

describe('S56: a device that polls', () => {
  it('is told to wait, to slow down by five seconds where it comes too early, and once nobody came in time, that it is over', async () => {
    expect(await scene.refusal()).toBe('authorization_pending');
    scene.pass(3);
    expect([await scene.refusal(), scene.device().interval]).toEqual(['slow_down', 10]);
    scene.pass(4);
    expect([await scene.refusal(), scene.device().interval]).toEqual(['slow_down', 15]);
    scene.pass(15);
    expect(await scene.refusal()).toBe('authorization_pending');
    scene.pass(600);
    expect(await scene.refusal()).toBe('expired_token');
  });
  it('may come a fifth of the interval early, and is never slowed down beyond a minute', async () => {
    await scene.refusal();
    scene.pass(4);
    expect(await scene.refusal()).toBe('authorization_pending');
    for (let i = 0; i < 40; i++) { scene.pass(1); await scene.refusal(); }
    expect(scene.device().interval).toBe(60);
  });
  it('is told of a no, at once and for ever', async () => {
    scene.set({ status: 'denied' });
    const refused = await scene.poll().then(() => undefined, (error: unknown) => error);
    expect(refused).toMatchObject({ status: 400, wireCode: 'access_denied' });
    scene.pass(700);
    expect(await scene.refusal()).toBe('authorization_denied');
  });
  it('gets what a person gave it, with a refresh token that refreshes', async () => {
    const grantId = await scene.approve('rest:calllog'), decision = await scene.poll();
    expect(decision).toMatchObject({ scope: 'rest:calllog', grant_id: grantId, standing: { account: { id: 'alice' } } });
    const refreshed = await scene.refresh.decide(scene.request(native(), { refresh_token: decision.refresh_token ?? '' }));
    expect(refreshed).toMatchObject({ grant_id: grantId, scope: 'rest:calllog' });
  });
  it('gets a lost answer again within the grace, the same one, and only as long as nothing was refreshed with it', async () => {
    await scene.approve();
    const first = await scene.poll();
    scene.pass(5);
    const again = await scene.poll();
    expect([again.refresh_token, again.grant_id, scene.grants.grants.size]).toEqual([first.refresh_token, first.grant_id, 1]);
    await scene.refresh.decide(scene.request(native(), { refresh_token: first.refresh_token ?? '' }));
    scene.pass(5);
    expect(await scene.refusal()).toBe('invalid_grant');
    expect(scene.grants.grants.get(first.grant_id ?? '')?.status).toBe('revoked');
  });
  it('that uses its code once more after the grace ends everything that came of it, also when the code is long over', async () => {
    for (const seconds of [GRACE, 7200]) {
      scene = new Scene();
      const grantId = await scene.approve();
      await scene.poll();
      scene.pass(seconds);
      expect([await scene.refusal(), scene.grants.grants.get(grantId)?.status]).toEqual(['invalid_grant', 'revoked']);
      scene.pass(60);
      expect(await scene.refusal()).toBe('expired_token');
    }
  });
  it('may fetch what was given at the last moment for as long as the grace, not longer', async () => {
    await scene.approve();
    scene.pass(600 + GRACE - 1);
    expect((await scene.poll()).scope).toBe('rest');
    scene = new Scene();
    await scene.approve();
    scene.pass(600 + GRACE);
    expect(await scene.refusal()).toBe('expired_token');
  });
  it('of another client, with no code or an unknown one gets nothing, and takes nobody\'s turn', async () => {
    await scene.approve();
    expect(await scene.refusal(scene.poll(native({ id: 'other', client_id: 'other' })))).toBe('invalid_grant');
    expect(await scene.refusal(scene.poll(native(), { device_code: 'x' }))).toBe('invalid_grant');
    expect(await scene.refusal(scene.poll(native(), { device_code: id }))).toBe('invalid_grant');
    expect(await scene.refusal(scene.poll(native(), {}))).toBe('invalid_request');
    expect((await scene.poll()).scope).toBe('rest');
  });
  it('is over once tenant or application are signed out, whether somebody approved or not', async () => {
    for (const approved of [false, true]) {
      for (const change of [(s: Scene) => { s.facts.putTenant(tenant({ sign_out_version: 2 })); return s.refusal(); }, (s: Scene) => s.refusal(s.poll(native({ sign_out_version: 2 })))]) {
        scene = new Scene();
        if (approved) await scene.approve();
        expect(await change(scene)).toBe('expired_token');
      }
    }
  });
  it('S51: gets nothing for an account that was blocked or signed out since, a consent that was removed, or a revoked grant; the code is not used up by that', async () => {
    for (const change of [(s: Scene) => s.login(account({ status: 'blocked' })), (s: Scene) => s.login(account({ sign_out_version: 2 })), (s: Scene) => s.grants.consents.set('alice:native', { status: 'removed', scope: 'rest' })]) {
      scene = new Scene();
      await scene.approve();
      change(scene);
      expect([await scene.refusal(), scene.device().used_at]).toEqual(['expired_token', undefined]);
    }
    scene = new Scene();
    const grantId = await scene.approve(), grant = scene.grants.grants.get(grantId);
    if (grant) await scene.grants.revoke(grant);
    expect(await scene.refusal()).toBe('expired_token');
  });
  it('S52: gets no more than the application still has, and an error where that is nothing', async () => {
    await scene.approve('rest:calllog rest:voicemail');
    expect(await scene.refusal(scene.poll(native({ scope: 'gql' })))).toBe('invalid_scope');
    scene.pass(5);
    expect((await scene.poll(native({ scope: 'rest:calllog:read' }))).scope).toBe('rest:calllog:read');
  });
  it('S44: of many polls at once, one is answered', async () => {
    await scene.approve();
    const outcomes = await Promise.allSettled(Array.from({ length: 50 }, () => scene.poll()));
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(scene.device().interval).toBe(10);
  });
});
