import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readEnvironment } from '../compose/environment-file';
import { writeDeployment } from '../compose/write-deployment';
import { makeSecrets } from '../local-stack/secrets';
import { servicesCommand } from './services-command';

const folder = mkdtempSync(join(tmpdir(), 'strowger-services-'));
let root: string, out: string, err: string;
beforeEach(() => {
  root = mkdtempSync(join(folder, 'root-'));
  jest.spyOn(process.stdout, 'write').mockImplementation(text => { out += String(text); return true; });
  jest.spyOn(process.stderr, 'write').mockImplementation(text => { err += String(text); return true; });
});
afterEach(() => { jest.restoreAllMocks(); });
afterAll(() => { rmSync(folder, { recursive: true, force: true }); });

/** Exit code, what was said, and what was complained of. */
async function command(...typed: string[]): Promise<readonly [code: number, out: string, err: string]> {
  out = err = '';
  return [await servicesCommand(typed, root), out, err];
}
const sha256 = (text = ''): string => createHash('sha256').update(text).digest('hex');
const at = (...names: string[]): string => join(root, ...names);

describe('services of a deployment by compose', () => {
  const bus = (): string => readFileSync(at('.strowger', 'compose', 'nats-server.conf'), 'utf8'), environment = () => readEnvironment(at('.env')).values;
  const file = (name: string): string => at('.strowger', 'compose', 'services', `${name}.env`);
  beforeEach(() => { writeDeployment(root, { issuer: 'https://auth.example.com' }); });

  it('one that is added has a bus user, a credential and a file of its own; nobody else\'s values move', async () => {
    const before = environment(), [code, said] = await command('add', 'shop', '--compose'), own = readEnvironment(file('shop')).values;
    expect([code, said]).toEqual([0, expect.stringContaining('docker compose kill -s HUP nats && docker compose up -d token-service')]);
    expect(Object.fromEntries(own)).toEqual({
      TOKEN_SERVICE_URL: 'https://auth.example.com', STROWGER_ISSUER: 'https://auth.example.com', STROWGER_SERVICE_ID: 'shop', STROWGER_SERVICE_SECRET: environment().get('SERVICE_SECRET_SHOP'),
      NATS_URL: 'nats://nats:4222', NATS_USER: 'shop', NATS_PASSWORD: environment().get('NATS_PASSWORD_SHOP'),
    });
    expect(environment().get('STROWGER_SERVICES')).toContain(`,shop:${sha256(own.get('STROWGER_SERVICE_SECRET'))}`);
    expect(bus()).toContain(`user: "shop", password: "${own.get('NATS_PASSWORD') ?? ''}"`);
    expect([file('shop'), at('.env'), at('.strowger', 'compose', 'nats-server.conf')].map(path => statSync(path).mode & 0o777)).toEqual([0o600, 0o600, 0o600]);
    expect([...before].filter(([name, value]) => name !== 'STROWGER_SERVICES' && environment().get(name) !== value)).toEqual([]);
    expect(said).not.toContain(own.get('STROWGER_SERVICE_SECRET'));
  });
  it('one that is removed leaves nothing: no user, no credential, no file, no line; added again it has others', async () => {
    writeFileSync(at('.env'), `${readFileSync(at('.env'), 'utf8')}# ours\nCOMPOSE_PROFILES=monitoring\n`);
    const text = readFileSync(at('.env'), 'utf8'), busBefore = bus();
    await command('add', 'shop', '--compose');
    await command('add', 'fax-archive', '--compose');
    const secret = environment().get('SERVICE_SECRET_FAX_ARCHIVE');
    expect(await command('remove', 'fax-archive', '--compose')).toEqual([0, expect.stringContaining('next: docker compose kill -s HUP nats'), '']);
    expect([existsSync(file('fax-archive')), existsSync(file('shop')), bus().includes('fax-archive'), environment().get('STROWGER_SERVICES')?.includes('fax-archive'), environment().get('STROWGER_ADDED_SERVICES')]).toEqual([false, true, false, false, 'shop']);
    await command('add', 'fax-archive', '--compose');
    expect([environment().get('SERVICE_SECRET_FAX_ARCHIVE'), secret].every((value, which, all) => (value?.length ?? 0) >= 43 && all.indexOf(value) === which)).toBe(true);
    for (const name of ['shop', 'fax-archive']) await command('remove', name, '--compose');
    expect([readFileSync(at('.env'), 'utf8'), bus()]).toEqual([text, busBefore]);
  });
  it('are listed with their files', async () => {
    expect(await command('list', '--compose')).toEqual([0, '', 'no service was added\n']);
    await command('add', 'shop', '--compose');
    expect(await command('list', '--compose')).toEqual([0, `shop\t${file('shop')}\n`, '']);
  });
  it.each([['add', 'token-service', 'there is a service token-service already'], ['add', 'a b', 'is no name of a service'], ['remove', 'shop', 'no service "shop" was added'], ['remove', 'token-service', 'no service "token-service" was added'], ['remove', '../x', 'was added']])(
    '%s %s is refused, and changes nothing', async (verb, name, why) => {
      const before = [readFileSync(at('.env'), 'utf8'), bus()];
      expect(await command(verb, name, '--compose')).toEqual([1, '', expect.stringContaining(why)]);
      expect([readFileSync(at('.env'), 'utf8'), bus()]).toEqual(before);
    });
  it('a line of .env that cannot be read stops the command before it changes anything', async () => {
    await command('add', 'shop', '--compose');
    writeFileSync(at('.env'), 'nonsense\n', { flag: 'a' });
    const before = bus();
    expect(await command('remove', 'shop', '--compose')).toEqual([1, '', expect.stringContaining('mend it first')]);
    expect([bus(), existsSync(file('shop'))]).toEqual([before, true]);
  });
  it('need a deployment', async () => {
    rmSync(at('.env'));
    for (const typed of [['add', 'shop'], ['remove', 'shop'], ['list']]) expect(await command(...typed, '--compose')).toEqual([1, '', 'there is no .env: run "npm run compose:env" first\n']);
  });
});

describe('services of a local stack that does not run', () => {
  const secrets = (): string => readFileSync(at('data', 'secrets.json'), 'utf8');
  it('are let in by its next start, listed, and removed with what they had', async () => {
    makeSecrets(at('data'));
    const before = secrets(), file = at('data', 'services', 'shop.env');
    expect(await command('add', 'shop', '--data', 'data')).toEqual([0, expect.stringContaining('the next npm start lets it in'), '']);
    expect(await command('list', '--data', 'data')).toEqual([0, `shop\t${file}\n`, '']);
    mkdirSync(at('data', 'services'));
    writeFileSync(file, 'x');
    expect(await command('remove', 'shop', '--data', 'data')).toEqual([0, 'shop is removed\n', '']);
    expect([existsSync(file), secrets()]).toEqual([false, before]);
    expect(await command('remove', 'shop', '--data', 'data')).toEqual([1, '', 'no service "shop" was added\n']);
  });
  it('need its data folder, and make none', async () => {
    for (const typed of [['add', 'shop'], ['remove', 'shop'], ['list']]) expect(await command(...typed)).toEqual([1, '', expect.stringContaining('is no data folder of a local stack')]);
    expect(existsSync(at('.strowger'))).toBe(false);
  });
});

it.each([[['add']], [['remove']], [['list', 'shop']], [['add', 'a', 'b']], [['forget', 'shop']], [['add', 'shop', '--compose', '--data', 'x']], [['add', 'shop', '--nonsense']]])('%j makes no sense', async typed => {
  expect(await command(...typed)).toEqual([2, '', expect.stringContaining('services remove NAME')]);
});
it('says what there is', async () => { for (const typed of [[], ['--help']]) expect(await command(...typed)).toEqual([0, expect.stringContaining('services list'), '']); });
