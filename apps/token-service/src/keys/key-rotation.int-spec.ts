import { execFile } from 'node:child_process';
import { createPublicKey, verify } from 'node:crypto';
import { resolve } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { AUDIT_EVENTS, AuditEventDocument } from '@strowger/models/audit-events/audit-events.schema';
import { SIGNING_KEYS, SigningKeyDocument } from '@strowger/models/signing-keys/signing-keys.store';
import { startMutant } from '../../../../test/mutants/start-mutant';
import { eventually } from '../../../../test/system';
import { freePort } from '../../../../tools/local-stack/free-port';
import { Supervisor } from '../../../../tools/local-stack/supervisor';
import { Application, decodedJwt, textOf, TokenScene } from '../token-service.fixture';

const COMMAND = resolve(__dirname, '../../../../dist/apps/app-registry-service/src/admin/main.js');
const PUBLISHED_SECONDS = 4, VERIFIER_KEEPS_MS = 500;
const FORGOTTEN_SECONDS = 86_400 + 60 + 600;

/** A resource server that verifies offline as the common libraries do: it keeps the keys for a while, and asks again for one that it does not know, but not too often. */
class OfflineVerifier {
  kids: readonly string[] = [];
  private keys = new Map<string, ReturnType<typeof createPublicKey>>();
  private fetchedAt = -Infinity;
  private asked = 0;
  private fetching: Promise<void> | undefined;

  /** `addresses`: of jwks.json at the instances, which are asked in turn. */
  constructor(private readonly addresses: readonly string[]) {}

  async believes(token: string): Promise<boolean> {
    const { header, input, signature } = decodedJwt(token), kid = String(header['kid']);
    if (this.age() > VERIFIER_KEEPS_MS) await this.fetch();
    if (!this.keys.has(kid) && this.age() > VERIFIER_KEEPS_MS) await this.fetch();
    const key = this.keys.get(kid);
    return key !== undefined && verify('sha256', Buffer.from(input), { key, dsaEncoding: 'ieee-p1363' }, signature);
  }

  fetch(): Promise<void> { return this.fetching ??= this.read().finally(() => { this.fetching = undefined; }); }

  private age(): number { return performance.now() - this.fetchedAt; }
  private async read(): Promise<void> {
    const answer = await fetch(this.addresses[this.asked++ % this.addresses.length] ?? '');
    if (!answer.ok) throw new Error(`jwks.json: ${String(answer.status)}`);
    const { keys } = await answer.json() as { keys: { kid: string }[] };
    this.keys = new Map(keys.map(key => [key.kid, createPublicKey({ key, format: 'jwk' })]));
    this.kids = keys.map(({ kid }) => kid);
    this.fetchedAt = performance.now();
  }
}

let scene: TokenScene, robot: Application, supervisor: Supervisor, verifiers: readonly OfflineVerifier[], working: Promise<unknown>, stopping = false;
/** Tokens of each key, and those that a verifier did not believe. */
const signed = new Map<string, number>(), refused: string[] = [];

const keys = () => scene.database.collection<SigningKeyDocument>(SIGNING_KEYS);
const one = async (status: SigningKeyDocument['status']): Promise<SigningKeyDocument> => {
  const key = await keys().findOne({ status });
  if (!key) throw new Error(`no ${status} key`);
  return key;
};
const told = (type: string) => scene.database.collection<AuditEventDocument>(AUDIT_EVENTS).find({ type }).toArray();
const admin = (...typed: string[]) => new Promise<{ code: number; output: string }>(done => {
  const { servers } = scene.system;
  execFile(process.execPath, [COMMAND, ...typed], { env: { PATH: process.env['PATH'], MONGODB_URI: servers.mongodbUri, NATS_URL: servers.natsUrl, NATS_USER: 'app-registry-service', NATS_PASSWORD: servers.busPassword('app-registry-service') } },
    (error, stdout, stderr) => { done({ code: typeof error?.code === 'number' ? error.code : 0, output: stdout + stderr }); });
});
const signsNow = async (instance: number): Promise<string> => String(decodedJwt(textOf(await scene.credentials(robot, {}, { instance }), 'access_token')).header['kid']);
/** Every instance signs with this key, and every verifier has seen it. */
const arrived = (kid: string) => eventually(`${kid} to be signed with everywhere`, async () => await signsNow(0) === kid && await signsNow(1) === kid && verifiers.every(({ kids }) => kids.includes(kid)));
/** As if the next key had been published for hours, once every verifier really has it. */
async function nextIsOld(): Promise<SigningKeyDocument> {
  const next = await one('next');
  await eventually('the next key to be known', () => Promise.resolve(verifiers.every(({ kids }) => kids.includes(next._id))));
  await keys().updateOne({ _id: next._id }, { $set: { published_at: new Date(Date.now() - 3_600_000) } });
  return next;
}
/** One more instance, which rotates by schedule at once and dies doing it. */
async function dyingInstance(mutation: string): Promise<void> {
  await keys().updateOne({ status: 'next' }, { $set: { published_at: new Date(Date.now() + 3_600_000) } });
  const dying = await startMutant('token-service', [mutation], scene.system.stack, supervisor, { instance: mutation, port: await freePort(), env: { SIGNING_KEY_ROTATION_SECONDS: '1', SIGNING_KEY_PUBLISHED_SECONDS: String(PUBLISHED_SECONDS) } });
  await nextIsOld();
  await eventually('the instance to die', () => Promise.resolve(dying.process.pid() === undefined), 60);
}

async function work(instance: number): Promise<void> {
  while (!stopping) {
    const answer = await scene.credentials(robot, {}, { instance });
    if (answer.status !== 200) { refused.push(`${String(answer.status)} ${answer.text}`); continue; }
    const token = textOf(answer, 'access_token'), kid = String(decodedJwt(token).header['kid']);
    signed.set(kid, (signed.get(kid) ?? 0) + 1);
    for (const verifier of verifiers) {
      // A resource server that cannot fetch the keys answers 503, and asks again.
      if (await verifier.believes(token).catch(() => true)) continue;
      refused.push(`a token of ${kid}`);
    }
    await pause(5);
  }
}

beforeAll(async () => {
  supervisor = new Supervisor({ log: () => undefined });
  scene = await TokenScene.start('key_rotation', { env: { SIGNING_KEY_PUBLISHED_SECONDS: String(PUBLISHED_SECONDS) } });
  robot = await scene.application(await scene.account());
  const addresses = [0, 1].map(instance => scene.url('/.well-known/jwks.json', instance));
  verifiers = [new OfflineVerifier(addresses), new OfflineVerifier(addresses.toReversed())];
  working = Promise.all([work(0), work(1)]);
  working.catch(() => undefined);
});
afterAll(async () => { stopping = true; await Promise.allSettled([working]); await supervisor.stopAll(); await scene.stop(); });

describe('S73: rotating the signing keys under load, over two instances', () => {
  it('npm run admin -- keys rotate is refused until the next key was published for its time, and says when that will be; then it rotates', async () => {
    const next = await one('next'), early = await admin('keys', 'rotate');
    // On a slow machine the time may have passed before the command was sent.
    if (early.code !== 0) expect(early).toEqual({ code: 1, output: expect.stringMatching(/not rotated: the next key was published too short a time ago .* at 20\d\d-/) as unknown });
    await eventually('the rotation', async () => early.code === 0 || (await admin('keys', 'rotate')).code === 0);
    await arrived(next._id);
    expect(await keys().countDocuments({})).toBe(3);
    await eventually('three published keys', () => Promise.resolve(verifiers.every(({ kids }) => kids.length === 3)));
    expect(await one('retiring')).not.toHaveProperty('private_key');
    const [event] = await eventually('the event', async () => { const events = await told('key.rotated'); return events.length > 0 && events; });
    expect([event?.subject, event?.data]).toEqual([next._id, { tenant_id: '_', version: 2, kid: next._id }]);
  });
  it('two commands at once rotate once', async () => {
    const next = await nextIsOld(), outputs = await Promise.all([admin('keys', 'rotate'), admin('keys', 'rotate')]);
    await arrived(next._id);
    expect(outputs.filter(({ code, output }) => code === 0 && output.startsWith(`tokens are signed with ${next._id}`))).toHaveLength(1);
    expect(await keys().countDocuments({ status: 'retiring' })).toBe(2);
  });
  it('an instance killed right after one leaves it done, and the others tell of it', async () => {
    const next = await one('next');
    await dyingInstance('dies-after-a-rotation');
    await arrived(next._id);
    expect(await keys().countDocuments({ status: 'retiring' })).toBe(3);
    await eventually('the event', async () => (await told('key.rotated')).some(({ subject }) => subject === next._id));
  });
  it('all of it without one token that an offline verifier did not believe', () => {
    expect(refused).toEqual([]);
    expect(signed.size).toBe(4);
    for (const tokens of signed.values()) expect(tokens).toBeGreaterThan(5);
  });
  it('a retiring key is forgotten when the last token it may have signed has expired', async () => {
    const [oldest, later] = await keys().find({ status: 'retiring' }).sort({ created_at: 1 }).toArray();
    if (!oldest || !later) throw new Error('no retiring keys');
    const before = (seconds: number) => new Date(Date.now() - seconds * 1000);
    await keys().updateOne({ _id: oldest._id }, { $set: { retiring_at: before(FORGOTTEN_SECONDS + 1) } });
    await keys().updateOne({ _id: later._id }, { $set: { retiring_at: before(FORGOTTEN_SECONDS - 600) } });
    await eventually('the key to be forgotten', () => Promise.resolve(verifiers.every(({ kids }) => !kids.includes(oldest._id))));
    expect(await keys().countDocuments({ _id: later._id })).toBe(1);
  });
});

describe('withdrawing a compromised key', () => {
  it('every instance publishes it no more within seconds; offline verifiers refuse what it signed, introspection still knows what was really issued', async () => {
    const compromised = await one('active'), token = textOf(await scene.credentials(robot), 'access_token'), next = await nextIsOld();
    expect(decodedJwt(token).header['kid']).toBe(compromised._id);
    expect(await admin('keys', 'rotate', '--compromised')).toEqual({ code: 0, output: expect.stringContaining(`${compromised._id} is withdrawn`) as unknown });
    const began = performance.now();
    await eventually('the key to be withdrawn', () => Promise.resolve(verifiers.every(({ kids }) => !kids.includes(compromised._id))));
    expect(performance.now() - began).toBeLessThan(30_000);
    for (const verifier of verifiers) expect(await verifier.believes(token)).toBe(false);
    await arrived(next._id);
    expect((await scene.introspect(token)).json['active']).toBe(true);
    await eventually('the event', async () => (await told('key.withdrawn')).some(({ subject, data }) => subject === compromised._id && data?.['kid'] === compromised._id));
    expect(await keys().countDocuments({ _id: compromised._id })).toBe(0);
  });
});

describe('the rotations', () => {
  it('S85: no private key stands in a log, an event or an answer', async () => {
    const said = scene.logs() + await scene.dump();
    expect(said).not.toMatch(/"d":"[A-Za-z0-9_-]{43}"|BEGIN (EC )?PRIVATE KEY/);
  });
  it('says that the bus is away, and changes nothing', async () => {
    const before = await one('active');
    scene.system.servers.nats.kill('SIGKILL');
    try {
      expect(await admin('keys', 'rotate')).toEqual({ code: 1, output: expect.stringContaining('the bus is away') as unknown });
    } finally { await scene.system.servers.nats.start(); }
    expect((await one('active'))._id).toBe(before._id);
  });
  // The last one: the database keeps the transaction of who was killed for a minute, and lets nobody else rotate meanwhile.
  it('of an instance killed in the middle of one leave all as it was', async () => {
    const before = await keys().find().sort({ _id: 1 }).toArray();
    await dyingInstance('dies-in-a-rotation');
    const after = await keys().find().sort({ _id: 1 }).toArray(), standing = ({ _id, status, version, private_key }: SigningKeyDocument) => [_id, status, version, private_key !== undefined];
    expect(after.map(standing)).toEqual(before.map(standing));
    expect((await signsNow(0))).toBe(before.find(({ status }) => status === 'active')?._id);
  });
});
