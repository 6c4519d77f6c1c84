import { AuditEventDocument, AUDIT_EVENTS } from '@strowger/models/audit-events/audit-events.schema';
import { TenantDocument, TENANTS } from '@strowger/models/tenants/tenants.schema';
import { Account, Answer, Application, send, textOf, TokenScene } from '../apps/token-service/src/token-service.fixture';
import { seedScopes } from './seeded-tenant';
import { eventually } from './system';

/** Within this, by the promise; an event of the bus makes it milliseconds. */
const SECONDS = 5;

let scene: TokenScene, registry: string, admin: Account, control: Application;
beforeAll(async () => {
  scene = await TokenScene.start('sign_out');
  await seedScopes(scene.database, ['strowger:applications:read', 'strowger:applications:write', 'strowger:accounts:read', 'strowger:accounts:write', 'strowger:tenant:read', 'strowger:tenant:write']);
  ({ url: registry } = await scene.system.start('app-registry-service', { env: { TOKEN_SERVICE_URL: scene.url('') } }));
  admin = await scene.account({ role: 'administrator' });
  await scene.database.collection<TenantDocument>(TENANTS).updateOne({ _id: scene.tenant.id }, { $set: { administrators: [admin._id] } });
  control = await scene.application(admin, { scope: 'strowger', access_level: 'all', name: 'control' });
});
afterAll(() => scene.stop());

/** As the administrator, with a new token each time: what a test does may end the last one. */
async function manage(method: string, path: string, body?: object): Promise<Answer> {
  const token = await eventually('a token for the administrator', async () => { const answer = await scene.credentials(control); return answer.status === 200 && textOf(answer, 'access_token'); }, SECONDS);
  const options = { method, headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' }, ...(body && { body: JSON.stringify(body) }) };
  const answer = await send(`${registry}${path}`, options);
  if (answer.status >= 300) throw new Error(`${method} ${path}: ${String(answer.status)} ${answer.text}`);
  return answer;
}

interface Session { readonly account: Account; readonly phone: Application; readonly machine: Application; readonly access: string; readonly refresh: string; readonly machineToken: string }
/** A person with an application that the person logged in to, and one that acts as the person. */
async function session(fields: Partial<Application> = {}): Promise<Session> {
  const account = await scene.account(), phone = await scene.native(account, fields), machine = await scene.application(account, fields);
  const [login, credentials] = await Promise.all([scene.login(phone, account), scene.credentials(machine)]);
  return { account, phone, machine, access: textOf(login, 'access_token'), refresh: textOf(login, 'refresh_token'), machineToken: textOf(credentials, 'access_token') };
}
const isActive = async (token: string): Promise<boolean> => {
  const [one, two] = await Promise.all([0, 1].map(async instance => (await scene.introspect(token, instance)).json['active'] === true));
  if (one !== two) throw new Error('the instances do not agree');
  return one === true;
};
/** By a guard's question, which is answered from the database: at once. */
const expectDead = async (...tokens: string[]): Promise<void> => { expect(await Promise.all(tokens.map(isActive))).toEqual(tokens.map(() => false)); };
const expectAlive = async (...tokens: string[]): Promise<void> => { expect(await Promise.all(tokens.map(isActive))).toEqual(tokens.map(() => true)); };
/** In every instance, by what it has cached: within five seconds. */
const refusedSoon = async (phone: Application, refresh: string): Promise<void> => {
  for (const instance of [0, 1]) {
    const refused = await eventually('the refresh to be refused', async () => { const answer = await scene.refresh(phone, refresh, {}, { instance }); return answer.status !== 200 && answer; }, SECONDS);
    expect(['invalid_grant', 'invalid_client', 'unauthorized_client']).toContain(refused.json['error']);
  }
};
const versions = async (collection: string, id: string): Promise<unknown> =>
  scene.database.collection<{ _id: string }>(collection).findOne({ _id: id }, { projection: { _id: 0, rights_version: 1, sign_out_version: 1 } });

describe('S74: signing everybody out', () => {
  it('of an application ends its tokens and grants, everywhere, and nobody else\'s; who logs in again is in', async () => {
    const one = await session(), other = await scene.login(await scene.native(one.account), one.account);
    await manage('POST', `/api/applications/${one.phone.client_id}/sign-out`);
    await expectDead(one.access);
    await expectAlive(one.machineToken, textOf(other, 'access_token'));
    await refusedSoon(one.phone, one.refresh);
    const again = await eventually('a new login', async () => { const answer = await scene.login(one.phone, one.account); return answer.status === 200 && await isActive(textOf(answer, 'access_token')) && answer; }, SECONDS);
    expect((await scene.refresh(one.phone, textOf(again, 'refresh_token'))).status).toBe(200);
    await expectDead(one.access);
  });
  it('of an account ends what any application holds for it, the machine-to-machine ones that it owns too', async () => {
    const one = await session(), other = await session();
    await manage('POST', `/api/accounts/${one.account._id}/sign-out`);
    await expectDead(one.access, one.machineToken);
    await expectAlive(other.access, other.machineToken);
    await refusedSoon(one.phone, one.refresh);
    expect((await scene.refresh(other.phone, other.refresh)).status).toBe(200);
  });
  it('of a tenant ends everything in it, the administrator\'s own token too, and one event says so to the guards', async () => {
    const [one, other] = [await session(), await session()];
    const adminToken = textOf(await scene.credentials(control), 'access_token');
    await manage('POST', '/api/tenant/sign-out');
    await expectDead(one.access, one.machineToken, other.access, other.machineToken, adminToken);
    await refusedSoon(one.phone, one.refresh);
    await refusedSoon(other.phone, other.refresh);
    const after = await session();
    await expectAlive(after.access, after.machineToken);
    await eventually('the event', () => scene.database.collection<AuditEventDocument>(AUDIT_EVENTS).findOne({ type: 'tenant.signed_out', tenant_id: scene.tenant.id }).then(found => found ?? undefined));
  });
});

describe('S74: what takes a right away takes the live tokens with it', () => {
  it.each([
    ['an application that is disabled', (one: Session) => manage('POST', `/api/applications/${one.phone.client_id}/disable`)],
    ['an application that is deleted', (one: Session) => manage('DELETE', `/api/applications/${one.phone.client_id}`)],
    ['an application with new credentials', (one: Session) => manage('POST', `/api/applications/${one.phone.client_id}/regenerate-credentials`)],
  ])('%s', async (_what, change) => {
    const one = await session();
    await change(one);
    await expectDead(one.access);
    await expectAlive(one.machineToken);
    await refusedSoon(one.phone, one.refresh);
  });
  it.each([
    ['S53: an account that is blocked', { status: 'blocked' }], ['an account with a new password', { password: 'a new pass phrase 17' }], ['S53: an account that becomes read_only', { access: 'read_only' }],
  ])('%s', async (_what, change) => {
    const one = await session();
    await manage('PATCH', `/api/accounts/${one.account._id}`, change);
    await expectDead(one.access, one.machineToken);
  });
  it('an account that is deleted', async () => {
    const one = await session();
    await manage('DELETE', `/api/accounts/${one.account._id}`);
    await expectDead(one.access, one.machineToken);
    await refusedSoon(one.phone, one.refresh);
  });
  it('a tenant that turns a switch off: tokens end, and a grant of that kind cannot be refreshed until it is on again', async () => {
    const one = await session();
    await manage('PATCH', '/api/tenant', { password_grant: false });
    try {
      await expectDead(one.access, one.machineToken);
      const refused = await eventually('the refresh to be refused', async () => { const answer = await scene.refresh(one.phone, one.refresh); return answer.status !== 200 && answer; }, SECONDS);
      expect(refused.json['error']).toBe('unauthorized_client');
    } finally {
      await manage('PATCH', '/api/tenant', { password_grant: true });
    }
    const back = await eventually('a refresh', async () => { const answer = await scene.refresh(one.phone, one.refresh); return answer.status === 200 && answer; }, SECONDS);
    await expectAlive(textOf(back, 'access_token'));
  });
});

describe('S52: what remains after a right was lowered', () => {
  it('an application that loses scope and level: its next refresh gives the narrowed token, and the one before is dead', async () => {
    const one = await session({ access_level: 'all', scope: 'gql rest' });
    await manage('PATCH', `/api/applications/${one.phone.client_id}`, { access_level: 'call_api', scope: 'rest' });
    await expectDead(one.access);
    const narrowed = await eventually('a narrowed token', async () => { const answer = await scene.refresh(one.phone, one.refresh); return answer.json['scope'] === 'rest' && answer; }, SECONDS);
    const { json } = await scene.introspect(textOf(narrowed, 'access_token'), 1);
    expect(json).toMatchObject({ active: true, access_level: 'call_api', scope: 'rest' });
  });
  it('S53: an account that becomes read_only: refresh and client_credentials give read_only tokens within five seconds', async () => {
    const one = await session();
    await manage('PATCH', `/api/accounts/${one.account._id}`, { access: 'read_only' });
    for (const ask of [() => scene.refresh(one.phone, one.refresh, {}, { instance: 1 }), () => scene.credentials(one.machine, {}, { instance: 1 })]) {
      await eventually('a read_only token', async () => { const answer = await ask(); return answer.status === 200 && (await scene.introspect(textOf(answer, 'access_token'))).json['read_only'] === true; }, SECONDS);
    }
  });
  it('S53: an application whose owner is blocked gets no token within five seconds, and again once the owner is unblocked', async () => {
    const one = await session();
    await manage('PATCH', `/api/accounts/${one.account._id}`, { status: 'blocked' });
    await eventually('a refusal', async () => (await scene.credentials(one.machine)).status !== 200, SECONDS);
    await manage('PATCH', `/api/accounts/${one.account._id}`, { status: 'active' });
    await eventually('a token', async () => (await scene.credentials(one.machine)).status === 200, SECONDS);
  });
  it('enabling and unblocking raise nothing: what died stays dead, and nothing else dies', async () => {
    const one = await session();
    await manage('POST', `/api/applications/${one.phone.client_id}/disable`);
    await manage('PATCH', `/api/accounts/${one.account._id}`, { status: 'blocked' });
    const before = [await versions('applications', one.phone._id), await versions('accounts', one.account._id)];
    await manage('POST', `/api/applications/${one.phone.client_id}/enable`);
    await manage('PATCH', `/api/accounts/${one.account._id}`, { status: 'active' });
    expect([await versions('applications', one.phone._id), await versions('accounts', one.account._id)]).toEqual(before);
    await expectDead(one.access, one.machineToken);
    await refusedSoon(one.phone, one.refresh);
    const again = await eventually('a login', async () => { const answer = await scene.login(one.phone, one.account); return answer.status === 200 && answer; }, SECONDS);
    await expectAlive(textOf(again, 'access_token'));
    await manage('POST', `/api/applications/${one.phone.client_id}/enable`);
    await manage('PATCH', `/api/applications/${one.phone.client_id}`, { name: 'another name' });
    await expectAlive(textOf(again, 'access_token'));
  });
});
