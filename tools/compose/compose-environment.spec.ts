import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { busUsers } from '@strowger/contracts/bus-users';
import { serviceNames } from '@strowger/contracts/event-catalogue';
import { busConfiguration } from './bus-configuration';
import { deploymentValues, nameFor } from './deployment-values';
import { environmentText, readEnvironment, writeSecretFile } from './environment-file';
import { parseOptions } from './options';

const folder = mkdtempSync(join(tmpdir(), 'strowger-compose-'));
afterAll(() => { rmSync(folder, { recursive: true, force: true }); });
const fileOf = (text: string): string => {
  const file = join(folder, '.env');
  writeFileSync(file, text);
  return file;
};

describe('values of a deployment', () => {
  const values = deploymentValues(new Map());
  it('are random, each its own, and another deployment\'s are others', () => {
    const secrets = [...values].filter(([name]) => /PASSWORD|SECRET|KEY/.test(name)).map(([, value]) => value);
    expect(secrets.length).toBe(4 + busUsers().length + serviceNames.length);
    expect(new Set(secrets).size).toBe(secrets.length);
    for (const secret of secrets) expect(secret.length).toBeGreaterThanOrEqual(43);
    const others = new Set(deploymentValues(new Map()).values());
    expect(secrets.filter(secret => others.has(secret))).toEqual([]);
  });
  it('are kept as they are the next time; only what is missing is made', () => {
    const lost = new Map(values);
    lost.delete('MONGODB_PASSWORD');
    const again = deploymentValues(lost);
    expect(again.get('MONGODB_PASSWORD')).not.toBe(values.get('MONGODB_PASSWORD'));
    expect(new Map([...again, ['MONGODB_PASSWORD', values.get('MONGODB_PASSWORD')]])).toEqual(values);
  });
  it('hash the secret that a service has now', () => {
    const changed = deploymentValues(new Map([...values, [nameFor('SERVICE_SECRET', 'scope-service'), 'another-secret-of-sufficient-length']]));
    const hashOf = (from: ReadonlyMap<string, string>, service: string) => from.get('STROWGER_SERVICES')?.split(',').find(part => part.startsWith(`${service}:`));
    expect(hashOf(changed, 'scope-service')).not.toBe(hashOf(values, 'scope-service'));
    expect(hashOf(changed, 'audit-service')).toBe(hashOf(values, 'audit-service'));
  });
  it('follow what is chosen: an issuer that was never chosen follows the port', () => {
    const moved = deploymentValues(values, { port: 9000 });
    expect(moved.get('STROWGER_ISSUER')).toBe('http://localhost:9000');
    expect(deploymentValues(deploymentValues(values, { issuer: 'https://auth.example.com' }), { port: 9000 }).get('STROWGER_ISSUER')).toBe('https://auth.example.com');
  });
  it('let a service in that is added, keep it, and let nobody in twice', () => {
    const added = deploymentValues(values, { addService: 'shop' }), again = deploymentValues(added), two = deploymentValues(again, { addService: 'fax-archive' });
    expect(again).toEqual(added);
    for (const name of ['shop', 'fax-archive']) {
      expect(two.get(nameFor('SERVICE_SECRET', name))?.length).toBeGreaterThanOrEqual(43);
      expect(two.get('STROWGER_SERVICES')).toContain(`,${name}:`);
      expect(busConfiguration(two)).toContain(`user: "${name}", password: "${two.get(nameFor('NATS_PASSWORD', name)) ?? ''}"`);
    }
    expect([...values].filter(([name, value]) => name !== 'STROWGER_SERVICES' && two.get(name) !== value)).toEqual([]);
    for (const name of ['shop', 'token-service', 'a b', '>']) expect(() => deploymentValues(added, { addService: name })).toThrow(RangeError);
  });
  it('make the bus\'s configuration, with the password of each of its users', () => {
    const text = busConfiguration(values);
    for (const { name } of busUsers()) expect(text).toContain(`user: "${name}", password: "${values.get(nameFor('NATS_PASSWORD', name)) ?? ''}"`);
    expect(text).toContain('listen: "0.0.0.0:4222"');
    expect(text).toContain('http: "127.0.0.1:8222"');
  });
  it('S80: a password that is missing or weak makes no configuration', () => {
    expect(() => busConfiguration(new Map())).toThrow('the password of token-service must be');
    expect(() => busConfiguration(new Map([...values, [nameFor('NATS_PASSWORD', 'provisioner'), 'changeme']]))).toThrow('the password of provisioner must be');
  });
});

describe('the file', () => {
  it('keeps what somebody wrote into it, comments and own variables among it', () => {
    const read = readEnvironment(fileOf(`# ours\nSTROWGER_ISSUER=https://auth.example.com # the real one\n\nCOMPOSE_PROFILES="monitoring"\nSTROWGER_FRONT_PORT='8443'\n`));
    expect([...read.values]).toEqual([['STROWGER_ISSUER', 'https://auth.example.com'], ['COMPOSE_PROFILES', 'monitoring'], ['STROWGER_FRONT_PORT', '8443']]);
    const text = environmentText(read, new Map([...read.values, ['STROWGER_FRONT_PORT', '9000'], ['NEW', 'value']]));
    expect(text).toBe(`# ours\nSTROWGER_ISSUER=https://auth.example.com # the real one\n\nCOMPOSE_PROFILES="monitoring"\nSTROWGER_FRONT_PORT='9000'\nNEW='value'\n`);
  });
  it('reads back what it wrote', () => {
    const values = deploymentValues(new Map()), file = join(folder, 'written.env');
    writeSecretFile(file, environmentText({ lines: ['# x'], values: new Map() }, values));
    expect(readEnvironment(file).values).toEqual(values);
    expect(environmentText(readEnvironment(file), values)).toBe(readFileSync(file, 'utf8'));
  });
  it('is its owner\'s alone, also where it was everybody\'s before', () => {
    const file = join(folder, 'open.env');
    writeFileSync(file, 'A=1\n', { mode: 0o644 });
    writeSecretFile(file, 'A=2\n');
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });
  it.each(['PASSWORD=$OTHER', 'A=\'b', 'nonsense', 'A=b c'])('with the line %j is refused rather than lost', line => {
    expect(() => readEnvironment(fileOf(`X=1\n${line}\n`))).toThrow(/line 2 is not NAME='value'/);
  });
});

describe('options', () => {
  it('takes origins, ports and addresses', () => {
    expect(parseOptions(['--issuer', 'https://auth.example.com', '--port', '443', '--bind', '::'])).toEqual({ help: false, issuer: 'https://auth.example.com', port: 443, bind: '[::]' });
    expect(parseOptions([])).toEqual({ help: false });
  });
  it.each([
    ['--issuer', 'http://auth.example.com'], ['--issuer', 'https://auth.example.com/'], ['--issuer', 'auth.example.com'], ['--issuer', 'https://a.example/x'], ['--port', '0'], ['--port', '70000'],
    ['--port', '80a'], ['--bind', 'localhost'], ['--bind', '']])('S88: refuses %s %s', (option, value) => { expect(() => parseOptions([option, value])).toThrow(option); });
  it('refuses an option that it does not know', () => { expect(() => parseOptions(['--password', 'x'])).toThrow('--password'); });
});
