import { eventually } from '../../../test/system';
import { Account, Answer, Application, textOf, TokenScene } from './token-service.fixture';

// Each wait inside has a bound of its own; this one is for a machine with much else to do.

const LIMIT = 10, ADDRESS_LIMIT = 40;
let scene: TokenScene, phone: Application;
beforeAll(async () => {
  scene = await TokenScene.start('token_service_passwords', { env: { WRONG_PASSWORDS_PER_ADDRESS: String(ADDRESS_LIMIT) } });
  phone = await scene.native(await scene.account());
});
afterAll(() => scene.stop());

let addresses = 0;
const newAddress = (): string => `198.51.${String(++addresses >> 8)}.${String(addresses & 255)}`;
/** One attempt; the right password where none is given. */
const attempt = (account: Pick<Account, 'username' | 'password'>, from: string, { password = account.password, instance = 0, application = phone }: { password?: string; instance?: number; application?: Application } = {}): Promise<Answer> =>
  scene.token({ grant_type: 'password', client_id: application.client_id, client_secret: application.secret, username: account.username, password }, { headers: { 'x-forwarded-for': from }, instance });
const wrong = (account: Pick<Account, 'username' | 'password'>, from: string, more: { instance?: number; application?: Application } = {}): Promise<Answer> => attempt(account, from, { ...more, password: `wrong-${String(Math.random())}` });
const errors = (answers: readonly Answer[]): unknown[] => answers.map(answer => answer.status === 200 ? 200 : answer.json['error']);
const times = async (many: number, one: (i: number) => Promise<Answer>): Promise<Answer[]> => { const answers: Answer[] = []; for (let i = 0; i < many; i++) answers.push(await one(i)); return answers; };
const evaluated = (answers: readonly Answer[]): number => answers.filter(answer => answer.json['error'] === 'invalid_grant').length;

describe('wrong passwords', () => {
  it('S30, S31: 50 at once through two instances: at most the limit\'s number is evaluated, the rest is 429 or 503 with Retry-After', async () => {
    const account = await scene.account(), from = newAddress();
    const answers = await Promise.all(Array.from({ length: 50 }, (_, i) => wrong(account, from, { instance: i })));
    expect(evaluated(answers)).toBeLessThanOrEqual(LIMIT);
    expect(evaluated(answers)).toBeGreaterThan(0);
    for (const answer of answers.filter(one => one.json['error'] !== 'invalid_grant')) {
      expect([429, 503]).toContain(answer.status);
      expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
      expect(Number(answer.headers['retry-after'])).toBeLessThanOrEqual(900);
    }
    expect(errors(await times(3, i => attempt(account, from, { instance: i })))).toEqual(Array(3).fill('rate_limit_exceeded'));
    const counted = await eventually('the failed logins in the trail', async () => {
      const events = await scene.database.collection<{ data: { count?: number } }>('audit_events').find({ type: 'login.failed', 'data.account_id': account._id }).toArray();
      const sum = events.reduce((total, event) => total + (event.data.count ?? 1), 0);
      return sum >= evaluated(answers) && sum;
    });
    expect(counted).toBe(evaluated(answers));
  });
  it('S30: of 50 parallel guesses of which one is right, none gets past the limit', async () => {
    const account = await scene.account(), from = newAddress();
    await times(LIMIT, i => wrong(account, from, { instance: i }));
    const answers = await Promise.all(Array.from({ length: 50 }, (_, i) => i === 30 ? attempt(account, from, { instance: i }) : wrong(account, from, { instance: i })));
    expect(answers.filter(answer => answer.status === 200 || answer.json['error'] === 'invalid_grant')).toEqual([]);
  });
  it('S30: the counter survives a restart of the service', async () => {
    const account = await scene.account(), from = newAddress();
    await times(LIMIT, () => wrong(account, from));
    const [one] = scene.instances;
    await one?.process.stop();
    await one?.process.start();
    expect(errors(await times(2, i => attempt(account, from, { instance: i })))).toEqual(['rate_limit_exceeded', 'rate_limit_exceeded']);
  });
  it('S30: lock out a stranger everywhere, but never the places the person signs in from', async () => {
    const account = await scene.account(), home = newAddress();
    expect((await attempt(account, home)).status).toBe(200);
    expect(errors(await times(LIMIT + 3, i => wrong(account, newAddress(), { instance: i })))).toEqual([...Array<string>(LIMIT).fill('invalid_grant'), ...Array<string>(3).fill('rate_limit_exceeded')]);
    expect((await attempt(account, newAddress())).json['error']).toBe('rate_limit_exceeded');
    for (const instance of [0, 1]) expect((await attempt(account, home, { instance })).status).toBe(200);
  });
  it('S30: a stranger\'s flood does not fill the queue of the places the person signs in from', async () => {
    const account = await scene.account(), home = newAddress();
    expect((await attempt(account, home)).status).toBe(200);
    const flood = Promise.all(Array.from({ length: 60 }, () => wrong(account, newAddress())));
    expect(errors(await Promise.all([attempt(account, home), attempt(account, home)]))).toEqual([200, 200]);
    expect(evaluated(await flood)).toBeLessThanOrEqual(LIMIT);
  });
  it('S30: a good one between takes back its own count only: the rest of account and address stands', async () => {
    const account = await scene.account(), from = newAddress();
    await times(LIMIT - 1, () => wrong(account, from));
    expect(errors(await times(3, i => attempt(account, from, { instance: i })))).toEqual([200, 200, 200]);
    expect(errors(await times(2, () => wrong(account, from)))).toEqual(['invalid_grant', 'rate_limit_exceeded']);
  });
  it('S30: of many accounts from one address are limited too, and a good one does not reset that', async () => {
    const from = newAddress(), [mine, other] = [await scene.account(), await scene.account()];
    const answers = await times(ADDRESS_LIMIT, i => i === 20 ? attempt(mine, from) : wrong({ username: `nobody-${String(i)}`, password: '' }, from, { instance: i }));
    expect(evaluated(answers)).toBe(ADDRESS_LIMIT - 1);
    expect(errors([await wrong(other, from), await wrong(other, from), await attempt(other, from)])).toEqual(['invalid_grant', 'rate_limit_exceeded', 'rate_limit_exceeded']);
    expect((await attempt(other, newAddress())).status).toBe(200);
  });
  it('S30: an IPv6 address counts as its /64, an IPv4 in IPv6 as itself', async () => {
    const account = await scene.account();
    await times(LIMIT, i => wrong(account, `2001:db8:1:2:${i.toString(16)}::1`));
    expect((await wrong(account, '2001:db8:1:2:ffff:ffff:ffff:ffff')).json['error']).toBe('rate_limit_exceeded');
    const other = await scene.account();
    await times(LIMIT / 2, () => wrong(other, '192.0.2.200'));
    await times(LIMIT / 2, () => wrong(other, '::ffff:192.0.2.200'));
    expect((await wrong(other, '192.0.2.200')).json['error']).toBe('rate_limit_exceeded');
  });
  it('S29: leave no sign whether the account exists, is blocked, belongs to another tenant, or the password was right where it may not log in', async () => {
    const blocked = await scene.account({ status: 'blocked' }), foreign = await scene.account({ tenant_id: 'elsewhere' }), owner = await scene.account({ status: 'blocked' }), real = await scene.account();
    const access = await scene.account({ kind: 'api_access', owner: owner._id });
    const runs: (() => Promise<Answer>)[] = [];
    for (const account of [blocked, foreign, access, { username: 'nobody-at-all', password: 'x' }]) { const from = newAddress(); runs.push(() => attempt(account, from)); }
    const from = newAddress();
    runs.push(() => wrong(real, from));
    const texts = await Promise.all(runs.map(async run => (await times(LIMIT + 2, run)).map(answer => `${String(answer.status)} ${answer.text} ${Object.keys(answer.headers).sort().join()}`)));
    expect(new Set(texts.map(answers => answers.join('\n'))).size).toBe(1);
  });
  it('S32: with the empty password never match, and what is too long is never hashed nor counted', async () => {
    const account = await scene.account(), from = newAddress();
    for (const password of ['', 'x'.repeat(257), 'x'.repeat(50_000)]) for (let i = 0; i < LIMIT; i++) expect((await attempt(account, from, { password })).json['error']).toBe('invalid_request');
    expect((await attempt(account, from)).status).toBe(200);
  });
});

describe('right passwords', () => {
  it('in parallel are all right, or told to come again: none counts against the account', async () => {
    const account = await scene.account(), from = newAddress();
    for (let round = 0; round < 3; round++) {
      const answers = await Promise.all(Array.from({ length: 36 }, (_, i) => attempt(account, from, { instance: i })));
      expect(errors(answers).filter(error => error !== 200 && error !== 'temporarily_unavailable')).toEqual([]);
      expect(answers.filter(answer => answer.status === 200).length).toBeGreaterThan(10);
    }
    expect(errors(await times(LIMIT + 1, i => wrong(account, from, { instance: i }))).filter(error => error === 'invalid_grant')).toHaveLength(LIMIT);
  });
  it('match whatever the case and the white space around the name, and however the accents were typed', async () => {
    const account = await scene.account({ username: 'zoé.müller', live_username: 'zoé.müller', password: 'pässwörd-☎' });
    for (const username of ['ZOÉ.MÜLLER', '  zoé.müller ']) expect((await attempt({ ...account, username }, newAddress())).status).toBe(200);
    expect((await attempt(account, newAddress(), { password: account.password.normalize('NFD') })).status).toBe(200);
  });
  it('begin a grant with its consent, once, each with its event; the address is known from then on', async () => {
    const account = await scene.account(), from = newAddress(), id = scene.requestId();
    const answer = await scene.login(phone, account, { scope: 'rest:callforward' }, { headers: { 'x-request-id': id, 'x-forwarded-for': from } });
    expect(answer.json).toEqual({ access_token: expect.any(String) as unknown, token_type: 'Bearer', expires_in: 3600, scope: 'rest:callforward', refresh_token: expect.any(String) as unknown });
    const events = await scene.eventsOf(id, 3), grant = events.find(event => event.type === 'grant.created')?.data?.['grant_id'];
    expect(events.map(event => event.type).sort()).toEqual(['consent.granted', 'grant.created', 'token.issued']);
    for (const event of events) expect(event.data).toMatchObject({ account_id: account._id, application_id: phone._id, by: { account_id: account._id, client_id: phone.client_id }, ip: from, scope: 'rest:callforward' });
    expect((await scene.introspect(textOf(answer, 'access_token'))).json).toMatchObject({ active: true, grant_id: grant, sub: account._id, username: account.username });
    expect(await scene.database.collection<{ _id: string }>('sign_in_addresses').findOne({ _id: `${account._id} ${from}` })).toMatchObject({ account_id: account._id });
    const again = scene.requestId();
    await scene.login(phone, account, { scope: 'rest:callforward:read' }, { headers: { 'x-request-id': again, 'x-forwarded-for': from } });
    expect((await scene.eventsOf(again, 2)).map(event => event.type).sort()).toEqual(['grant.created', 'token.issued']);
  });
  it('of an API access give a token of its kind, with its owner\'s role only where it impersonates', async () => {
    const owner = await scene.account({ role: 'administrator' });
    for (const [impersonation, role] of [[true, 'administrator'], [false, 'user']] as const) {
      const access = await scene.account({ kind: 'api_access', owner: owner._id, impersonation, switchboards: ['main'] });
      const { json } = await scene.introspect(textOf(await attempt(access, newAddress()), 'access_token'));
      expect(json).toMatchObject({ account_kind: 'api_access', role, impersonation, switchboards: ['main'], rights: { owner: 1 } });
    }
  });
  it('S54: for the application api answer like wrong ones where the tenant has it off, to the limit too', async () => {
    const account = await scene.account(), from = newAddress(), tenants = scene.database.collection<{ _id: string }>('tenants');
    const ask = (password = account.password): Promise<Answer> => scene.post('/token', { grant_type: 'password', client_id: 'api', username: account.username, password }, { headers: { 'x-forwarded-for': from } });
    expect((await ask()).status).toBe(200);
    await tenants.updateOne({ _id: scene.tenant.id }, { $set: { api_application: false } });
    try {
      const first = await eventually('the switch off', async () => { const answer = await ask(); return answer.status !== 200 && answer; });
      expect(first.text).toBe((await ask('a wrong one')).text);
      const rest = await times(LIMIT, () => ask());
      expect(errors(rest)).toContain('rate_limit_exceeded');
      expect(evaluated(rest)).toBe(LIMIT - 2);
    } finally { await tenants.updateOne({ _id: scene.tenant.id }, { $set: { api_application: true } }); }
  });
});

describe('wrong client secrets', () => {
  it('S42: are limited an address and minute with 429 and Retry-After, after the fact: a right one still passes', async () => {
    const limited = await scene.startInstance('token-service-limited', { WRONG_SECRETS_PER_ADDRESS_AND_MINUTE: '20' }), instance = scene.instances.indexOf(limited), from = newAddress();
    const guess = (): Promise<Answer> => scene.token({ grant_type: 'client_credentials', client_id: phone.client_id, client_secret: 'wrong' }, { instance, headers: { 'x-forwarded-for': from } });
    const answers = await Promise.all(Array.from({ length: 60 }, guess)), limits = answers.filter(answer => answer.status === 429);
    expect(errors(answers).every(error => error === 'invalid_client' || error === 'rate_limit_exceeded')).toBe(true);
    expect(limits).toHaveLength(40);
    for (const { headers } of limits) {
      expect(headers).toMatchObject({ 'x-ratelimit-limit': '20', 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': headers['retry-after'] });
      expect(Number(headers['retry-after'])).toBeGreaterThan(0);
      expect(Number(headers['retry-after'])).toBeLessThanOrEqual(60);
    }
    expect((await attempt(await scene.account(), from, { instance })).status).toBe(200);
    await limited.process.stop();
    scene.instances.splice(instance, 1);
  });
});

test('S85: no password, right, wrong or misplaced, stands in a log, an event or a collection; nor a name that no account has', async () => {
  const misplaced = `typed-${String(Math.random()).slice(2)}`;
  expect((await attempt({ username: misplaced, password: 'whatever-it-was' }, newAddress())).json['error']).toBe('invalid_grant');
  await scene.settled();
  const said = `${scene.logs()}\n${await scene.dump()}`;
  for (const secret of [...scene.secrets, misplaced, 'whatever-it-was', 'a wrong one', 'wrong-0.']) expect([secret, said.includes(secret)]).toEqual([secret, false]);
});
