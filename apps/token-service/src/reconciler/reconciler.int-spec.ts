import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { resolve } from 'node:path';
import { ACCESS_TOKENS, AccessTokenDocument } from '@strowger/models/access-tokens/access-tokens.schema';
import { tokenIssued } from '@strowger/models/access-tokens/token-events.reader';
import { AUDIT_EVENTS, AuditEventDocument } from '@strowger/models/audit-events/audit-events.schema';
import { GrantDocument, GRANTS } from '@strowger/models/grants/grants.schema';
import { ReconciliationsReader } from '@strowger/models/reconciliations/reconciliations.reader';
import { eventually } from '../../../../test/system';
import { decodedJwt, textOf, TokenScene } from '../token-service.fixture';

const COMMAND = resolve(__dirname, '../../../../dist/tools/admin/main.js');
let scene: TokenScene;
let begun: Date;
let token: AccessTokenDocument;
let grant: GrantDocument;

const tokens = () => scene.database.collection<AccessTokenDocument>(ACCESS_TOKENS);
const grants = () => scene.database.collection<GrantDocument>(GRANTS);
const trail = () => scene.database.collection<AuditEventDocument>(AUDIT_EVENTS);
const TYPES = ['token.issued', 'impersonation.started', 'grant.created'];
const told = (types = TYPES) => trail().find({ type: { $in: types } }).sort({ _id: 1 }).toArray();
const metric = async (name: string): Promise<number> => (await Promise.all(scene.instances.map(async ({ url }) => Number(new RegExp(`^${name} (\\d+)`, 'm').exec(await (await fetch(`${url}/metrics`)).text())?.[1] ?? 0)))).reduce((sum, one) => sum + one, 0);
const admin = (...typed: string[]) => new Promise<{ code: number; output: string }>(done => {
  const { servers } = scene.system;
  execFile(process.execPath, [COMMAND, ...typed], { env: { PATH: process.env['PATH'], MONGODB_URI: servers.mongodbUri, NATS_URL: servers.natsUrl, NATS_USER: 'token-service', NATS_PASSWORD: servers.busPassword('token-service') } },
    (error, stdout, stderr) => { done({ code: typeof error?.code === 'number' ? error.code : 0, output: stdout + stderr }); });
});

beforeAll(async () => {
  scene = await TokenScene.start('reconciler', { env: { RECONCILE_EVERY_SECONDS: '1' } });
  begun = new Date(Date.now() - 1000);
  const account = await scene.account(), application = await scene.native(account);
  const answer = await scene.login(application, account);
  const { claims } = decodedJwt(textOf(answer, 'access_token'));
  token = await tokens().findOne({ _id: Buffer.from(String(claims['jti']), 'base64url') }) as AccessTokenDocument;
  grant = await grants().findOne({ _id: String(claims['grant_id']) }) as GrantDocument;
  await eventually('the events', async () => (await told()).length === 2);
});
afterAll(async () => { await scene.stop(); });

describe('documents without their event', () => {
  it('an event is made again from its document as it was told', async () => {
    const [recorded] = await told(['token.issued']);
    const again = tokenIssued({ service: 'token-service', instance: 'x' }, token);
    expect({ ...again, source: recorded?.source, time: new Date(again.time) }).toEqual({ specversion: '1.0', datacontenttype: 'application/json', id: recorded?._id, source: recorded?.source, type: 'token.issued', subject: recorded?.subject, time: recorded?.time, data: recorded?.data });
  });

  it('are told once, counted, and shown in the status; what has its event or owes it is left alone', async () => {
    const at = new Date(Date.now() - 600_000), iat = Math.floor(at.getTime() / 1000);
    const lost = { ...token, _id: randomBytes(16), hash: randomBytes(32), iat, issued_at: at, act: { sub: 'access' } }, lostGrant = { ...grant, _id: randomBytes(16).toString('base64url'), nonce: randomBytes(16), created_at: at };
    await tokens().updateOne({ _id: token._id }, { $set: { iat: iat - 1 } });
    await tokens().insertOne(lost);
    await grants().insertOne(lostGrant);
    // The reconciler has passed that moment at a minute of age: a new one begins a day back.
    await scene.database.collection('reconciliations').deleteMany({});
    await eventually('all three events', async () => (await trail().countDocuments({ source: '/token-service/reconciler' })) === 3, 60);
    expect((await trail().find({ source: '/token-service/reconciler' }).toArray()).map(({ type, subject }) => [type, subject]).sort()).toEqual([['grant.created', lostGrant._id], ['impersonation.started', lost._id.toString('base64url')], ['token.issued', lost._id.toString('base64url')]].sort());
    await eventually('the count', async () => await metric('strowger_reconciler_missing_total') === 3);
    expect(await new ReconciliationsReader(scene.database).read()).toMatchObject({ missing: 3, last_missing_at: expect.any(Date) as unknown });
    await eventually('the comparison to go on', async () => Number((await new ReconciliationsReader(scene.database).read())?.compared_until) > Date.now() - 90_000, 60);
    expect(await told()).toHaveLength(5);
    await tokens().updateOne({ _id: token._id }, { $set: { iat: token.iat } });
  });
});

describe('npm run admin -- audit republish', () => {
  it('makes a lost trail whole again, changes nothing of one that is whole, and says how far it came', async () => {
    const before = await told();
    await trail().deleteMany({ type: { $in: TYPES } });
    for (const expected of [before.length, before.length]) {
      const { code, output } = await admin('audit', 'republish', '--from', new Date(begun.getTime() - 900_000).toISOString());
      expect({ code, output }).toEqual({ code: 0, output: expect.stringMatching(new RegExp(`^${String(before.length)} events of .* were told again`, 'm')) as unknown });
      await eventually('the trail to be whole', async () => (await told()).length === expected);
    }
    const same = ({ _id, type, subject, tenant_id }: AuditEventDocument) => ({ _id, type, subject, tenant_id });
    expect((await told()).map(same)).toEqual(before.map(same));
    expect((await told(['token.issued'])).map(({ data, time }) => ({ data, time }))).toEqual(before.filter(({ type }) => type === 'token.issued').map(({ data, time }) => ({ data, time })));
    expect(await metric('strowger_reconciler_missing_total')).toBe(3);
  });

  it('tells nothing of what lies outside of the time', async () => {
    expect((await admin('audit', 'republish', '--from', '2020-01-01', '--to', '2020-02-01')).output).toMatch(/^0 events of 2020-01-01/m);
  });

  it.each<[string[], RegExp]>([
    [['audit', 'republish'], /--from is missing/], [['audit', 'republish', '--from', 'yesterday'], /--from: must be a moment/], [['audit', 'republish', '--from', '2026-02-30'], /--from: must be a moment/], [['audit', 'republish', '--from', '2020-02-01', '--to', '2020-01-01'], /--to must be later/],
    [['audit', 'republish', '--from', '2999-01-01'], /lies in the future/], [['audit', 'publish', '--from', '2020-01-01'], /no command audit publish/], [['audit', 'republish', '--from', '2020-01-01', '--force'], /--force/],
  ])('refuses %j, and says why', async (typed, message) => {
    const { code, output } = await admin(...typed);
    expect(code).toBe(2);
    expect(output).toMatch(message);
  });

  it('--help says all, and the other commands go where they went', async () => {
    expect(await admin('audit', 'republish', '--help')).toMatchObject({ code: 0, output: expect.stringContaining('--from TIME') as unknown });
    const all = await admin('--help');
    expect(all.output).toContain('init --tenant NAME');
    expect(all.output).toContain('audit republish');
    expect(await admin('init')).toMatchObject({ code: 2, output: expect.stringContaining('--tenant is missing') as unknown });
  });
});
