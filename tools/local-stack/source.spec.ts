import { databaseOf, withDatabase } from './mongodb/configured-mongodb';
import { configuredNats } from './nats/configured-nats';
import { isAtLeast } from './program-version';
import { firstSource, Source } from './source';

const has = (name: string, value: number): Source<number> => ({ name, find: () => Promise.resolve({ value, reason: `${name} is here` }) });
const lacks = (name: string): Source<number> => ({ name, find: () => Promise.resolve({ missing: `${name} is away` }) });
const fails = (name: string): Source<number> => ({ name, find: () => Promise.reject(new Error(`${name} is broken`)) });

describe('the search for a server', () => {
  it('takes the first source that has one and says why', async () => {
    const lines: string[] = [];
    await expect(firstSource('Thing', [lacks('a'), has('b', 2), has('c', 3)], '', line => lines.push(line))).resolves.toBe(2);
    expect(lines).toEqual(['Thing: b (b is here)', '  not a: a is away']);
  });
  it('says what was tried, what each answered and what to install', async () => {
    await expect(firstSource('Thing', [lacks('a'), lacks('b')], 'Install a thing.', () => undefined))
      .rejects.toThrow(/no Thing .*\n {2}- a: a is away\n {2}- b: b is away\nInstall a thing\./);
  });
  it('does not replace what was asked for by name and cannot be had', async () => {
    await expect(firstSource('Thing', [fails('a'), has('b', 2)], '', () => undefined)).rejects.toThrow('a is broken');
  });
  it('refuses a NATS_URL without every user\'s password', async () => {
    await expect(configuredNats('nats://bus:4222', new Map([['token-service', 'x']])).find()).rejects.toThrow(/NATS_PASSWORDS .* lacks app-registry-service, /);
  });
});

describe('a MongoDB URI with another database', () => {
  it.each([
    ['mongodb://h', 'mongodb://h/x'],
    ['mongodb://h:1,i:2/old?replicaSet=rs', 'mongodb://h:1,i:2/x?replicaSet=rs'],
    ['mongodb://h/?replicaSet=rs', 'mongodb://h/x?replicaSet=rs'],
    ['mongodb+srv://u:p@h/', 'mongodb+srv://u:p@h/x?authSource=admin'],
    ['mongodb://u:p@h/old', 'mongodb://u:p@h/x?authSource=old'],
    ['mongodb://u:p%40@h/old?authSource=admin', 'mongodb://u:p%40@h/x?authSource=admin'],
  ])('%s becomes %s', (uri, expected) => { expect(withDatabase(uri, 'x')).toBe(expected); });
  it('refuses what is no MongoDB URI, without repeating it', () => {
    expect(() => withDatabase('postgres://u:secret@h', 'x')).toThrow(/^MONGODB_URI is not a MongoDB URI$/);
  });
  it('knows the database it names', () => {
    expect([databaseOf('mongodb://h/a?b=c'), databaseOf('mongodb://h/?b=c'), databaseOf('mongodb://h')]).toEqual(['a', undefined, undefined]);
  });
});

it.each([['2.12.0', '2.12', true], ['2.15.1', '2.12', true], ['3.0.0', '2.12', true], ['2.9.10', '2.12', false], ['1.99.0', '2.12', false]])(
  'version %s against %s: %s', (version, least, expected) => { expect(isAtLeast(version, least)).toBe(expected); });
