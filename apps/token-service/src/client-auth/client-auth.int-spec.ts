import { hashSecret } from '@strowger/credentials/client-secret';
import { turned } from '../../../../test/system';
import { Account, Answer, Application, TokenScene, without } from '../token-service.fixture';

// Each wait inside has a bound of its own; this one is for a machine with much else to do.

const SECRET_WITH_EVERYTHING = 'a:b+c d%é☎&=';
let scene: TokenScene, alice: Account, robot: Application, phone: Application;
beforeAll(async () => {
  scene = await TokenScene.start('token_service_client_auth', { env: { WRONG_SECRETS_PER_ADDRESS_AND_MINUTE: '1000000' } });
  alice = await scene.account();
  robot = await scene.application(alice);
  phone = await scene.native(alice);
});
afterAll(() => scene.stop());

const good = (): Record<string, string> => ({ grant_type: 'client_credentials', client_id: robot.client_id, client_secret: robot.secret, scope: 'rest' });

describe('client authentication', () => {
  const basic = (id: string, secret: string) => ({ basic: [id, secret] as const });
  it('S39: a wrong secret is 401 with a challenge, by Basic and in the body; so is an unknown client, alike', async () => {
    const rest = without(good(), 'client_id', 'client_secret');
    const answers: Answer[] = [];
    for (const secret of ['wrong', robot.secret.toUpperCase(), robot.secret.slice(1), `${robot.secret} `]) {
      answers.push(await scene.refused(options => scene.token({ ...good(), client_secret: secret }, options), 401, 'invalid_client'));
      answers.push(await scene.refused(options => scene.token(rest, { ...options, ...basic(robot.client_id, encodeURIComponent(secret)) }), 401, 'invalid_client'));
    }
    answers.push(await scene.refused(options => scene.token({ ...good(), client_id: 'f'.repeat(32) }, options), 401, 'invalid_client'), await scene.refused(options => scene.token({ grant_type: 'client_credentials', client_id: robot.client_id }, options), 401, 'invalid_client'));
    expect(new Set(answers.map(answer => answer.text)).size).toBe(1);
  });
  it('S39: two methods together, and a secret in the query, are refused, though both are right', async () => {
    await scene.refused(options => scene.token(good(), { ...options, ...basic(robot.client_id, robot.secret) }), 400, 'invalid_request');
    await scene.refused(options => scene.post(`/oauth/token?client_secret=${robot.secret}`, without(good(), 'client_secret'), options), 400, 'invalid_request');
    await scene.refused(options => scene.post(`/oauth/token?client_id=${robot.client_id}&client_secret=${robot.secret}&grant_type=client_credentials`, '', options), 400, 'invalid_request');
  });
  it('S40: Basic is form-decoded after the split: colon, plus, percent and non-ASCII arrive', async () => {
    const odd = await scene.application(alice, { client_id: 'odd:client +é', secrets: [{ id: 'odd', hash: hashSecret(SECRET_WITH_EVERYTHING), created_at: new Date() }] });
    const form = { grant_type: 'client_credentials' }, encode = (text: string): string => new URLSearchParams([['', text]]).toString().slice(1);
    expect((await scene.token(form, basic(encode(odd.client_id), encode(SECRET_WITH_EVERYTHING)))).status).toBe(200);
    expect((await scene.token(form, basic(encode(odd.client_id), encodeURIComponent(SECRET_WITH_EVERYTHING)))).status).toBe(200);
    expect((await scene.token({ ...form, client_id: odd.client_id, client_secret: SECRET_WITH_EVERYTHING })).status).toBe(200);
    await scene.refused(options => scene.token(form, { ...options, ...basic(odd.client_id, SECRET_WITH_EVERYTHING) }), 401, 'invalid_client');
  });
  it.each(['Basic', 'Basic ', 'Basic !!!', 'Basic Zm9v', `Basic ${Buffer.from(':').toString('base64')}`, 'Bearer abc', 'Digest username="x"', `Basic ${Buffer.from('%zz:%zz').toString('base64')}`, 'Basic Zm9vOmJhcg', `Basic ${Buffer.from([0xff, 0x3a, 0xff]).toString('base64')}`])(
    'S39: the header %j is 401, although the body\'s secret is right or there is none', async authorization => {
      await scene.refused(({ headers }) => scene.token({ grant_type: 'client_credentials' }, { headers: { ...headers, authorization } }), 401, 'invalid_client');
      const answer = await scene.token(good(), { headers: { authorization } });
      expect([400, 401]).toContain(answer.status);
    });
  it('S41: client_id in the body must be the one of the header', async () => {
    await scene.refused(options => scene.token({ grant_type: 'client_credentials', client_id: phone.client_id }, { ...options, ...basic(robot.client_id, robot.secret) }), 400, 'invalid_request');
    expect((await scene.token({ grant_type: 'client_credentials', client_id: robot.client_id }, basic(robot.client_id, robot.secret))).status).toBe(200);
  });
  it('takes an application without a secret by its client_id alone, never one that has a secret, never with a secret it has not', async () => {
    const open = await scene.native(alice, { secrets: [] }), form = { grant_type: 'password', username: alice.username, password: alice.password };
    expect((await scene.token({ ...form, client_id: open.client_id })).status).toBe(200);
    expect((await scene.token(form, basic(open.client_id, ''))).status).toBe(200);
    await scene.refused(options => scene.token({ ...form, client_id: open.client_id, client_secret: 'x' }, options), 401, 'invalid_client');
    await scene.refused(options => scene.token({ ...form, client_id: phone.client_id }, options), 401, 'invalid_client');
    const emptied = await scene.application(alice, { secrets: [] });
    await scene.refused(options => scene.token({ grant_type: 'client_credentials', client_id: emptied.client_id }, options), 401, 'invalid_client');
  });
  it('a fresh secret works at once, an ended or burned one within five seconds no more, and both live during an overlap', async () => {
    const application = await scene.application(alice), applications = scene.database.collection<{ _id: string }>('applications'), old = application.secrets[0];
    expect((await scene.credentials(application)).status).toBe(200);
    const [fresh, ended] = ['f'.repeat(32), 'e'.repeat(32)], made = (id: string, text: string) => ({ id, hash: hashSecret(text), created_at: new Date() });
    await applications.updateOne({ _id: application._id }, { $set: { secrets: [old, made('fresh', fresh), { ...made('ended', ended), expires_at: new Date(Date.now() - 1) }] } });
    expect((await turned('the fresh secret', async () => (await scene.credentials({ ...application, secret: fresh })).status === 200)).lastOtherwise).toBeLessThan(4000);
    const id = scene.requestId();
    await scene.credentials({ ...application, secret: fresh }, {}, { headers: { 'x-request-id': id } });
    expect((await scene.eventsOf(id))[0]?.data).toMatchObject({ secret_id: 'fresh' });
    expect([(await scene.credentials(application)).status, (await scene.credentials({ ...application, secret: ended })).status]).toEqual([200, 401]);
    await applications.updateOne({ _id: application._id }, { $set: { secrets: [made('fresh', fresh)], rights_version: 2 } });
    const { value, lastOtherwise } = await turned('a refusal', async () => { const one = await scene.credentials(application); return one.status !== 200 && one.status; });
    expect([value, lastOtherwise < 6000]).toEqual([401, true]);
  });
  it('a new application works at once, also where it was asked for in vain a moment ago', async () => {
    const application = { client_id: 'a'.repeat(32) };
    expect((await scene.token({ grant_type: 'client_credentials', ...application, client_secret: 'x' })).status).toBe(401);
    const made = await scene.application(alice, application);
    expect((await turned('the new application', async () => (await scene.credentials(made)).status === 200)).lastOtherwise).toBeLessThan(4000);
  });
  it('a disabled application is told so, a deleted one is unknown', async () => {
    const [disabled, deleted] = [await scene.application(alice, { status: 'disabled' }), await scene.application(alice, { status: 'deleted' })];
    await scene.refused(options => scene.credentials(disabled, {}, options), 400, 'unauthorized_client');
    await scene.refused(options => scene.credentials(deleted, {}, options), 401, 'invalid_client');
  });
});

test('S61, S85: no secret, password or token stands in a log, an event, a metric, a collection or the stream\'s files; of a secret the hash alone', async () => {
  await scene.nothingLeaked(15, robot);
});
