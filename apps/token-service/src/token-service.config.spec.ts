import { tokenServiceConfig } from './token-service.config';

const KEY = Buffer.alloc(32, 1).toString('base64url');
const good = { PORT: '1', MONGODB_URI: 'mongodb://h/d', NATS_URL: 'nats://h:1', NATS_USER: 'token-service', NATS_PASSWORD: 'p', STROWGER_ISSUER: 'https://auth.example.com', STROWGER_KEYS: `k1:${KEY}` };
const before = process.env, said: string[] = [];
beforeEach(() => {
  said.length = 0;
  jest.spyOn(process, 'exit').mockImplementation(code => { throw new Error(`exit ${String(code)}`); });
  jest.spyOn(process.stderr, 'write').mockImplementation(text => { said.push(String(text)); return true; });
});
afterEach(() => { process.env = before; jest.restoreAllMocks(); });
const config = (env: Record<string, string>) => { process.env = { ...good, ...env }; return tokenServiceConfig(); };
const refused = (env: Record<string, string>): string => { expect(() => config(env)).toThrow('exit 1'); return said.join(''); };

describe('the settings of token-service', () => {
  it('have the agreed limits and lifetimes where nothing is said, and are frozen', () => {
    const settings = config({});
    expect(settings).toMatchObject({ ACCESS_TOKEN_TTL_MAX_SECONDS: 86_400, REFRESH_GRACE_SECONDS: 10, OUTBOX_MAX_AGE_SECONDS: 86_400, PASSWORD_WINDOW_SECONDS: 900, WRONG_PASSWORDS_PER_ACCOUNT_AND_ADDRESS: 10,
      WRONG_PASSWORDS_PER_ACCOUNT_FROM_STRANGERS: 10, WRONG_PASSWORDS_PER_ADDRESS: 100, WRONG_SECRETS_PER_ADDRESS_AND_MINUTE: 300 });
    expect(Object.isFrozen(settings)).toBe(true);
  });
  it.each(['https://auth.example.com', 'https://auth.example.com:8443', 'http://localhost:8080', 'http://127.0.0.1:1', 'http://[::1]:8080'])('S88: an issuer may be %s', issuer => { expect(config({ STROWGER_ISSUER: issuer }).STROWGER_ISSUER).toBe(issuer); });
  it.each(['http://auth.example.com', 'http://localhost.example.com', 'http://10.0.0.1', 'https://auth.example.com/', 'https://auth.example.com/x', 'https://user@auth.example.com', 'https://a.ex?x', 'ftp://localhost', 'localhost', ''])('S88: an issuer may not be %j', issuer => {
    expect(refused({ STROWGER_ISSUER: issuer })).toContain('STROWGER_ISSUER');
  });
  it('lets an issuer without TLS start when told so, aloud', () => { expect(config({ STROWGER_ISSUER: 'http://auth.example.com', STROWGER_INSECURE: '1' }).STROWGER_INSECURE).toBe('1'); });
  it.each(['', 'k1', 'k1:short', `k1:${KEY}x`, `:${KEY}`, `k 1:${KEY}`, `k1:${KEY},`])('names STROWGER_KEYS where it is %j, and never shows it', keys => {
    const text = refused({ STROWGER_KEYS: keys });
    expect(text).toContain('STROWGER_KEYS');
    expect(text).not.toContain(KEY);
  });
  it('takes several keys, the first of them current', () => { expect(config({ STROWGER_KEYS: `k2:${KEY},k1:${KEY}` }).STROWGER_KEYS.map(key => key.id)).toEqual(['k2', 'k1']); });
  it('refuses two keys of one id: of what is made with either nobody could say which', () => { expect(refused({ STROWGER_KEYS: `k1:${KEY},k1:${KEY}` })).toContain('same id'); });
  it('names every bad variable at once', () => {
    const text = refused({ REFRESH_GRACE_SECONDS: '0', OUTBOX_MAX_AGE_SECONDS: 'soon', MONGODB_URI: 'mongodb://h/d?w=1', STROWGER_SERVICES: 'x:y' });
    for (const name of ['REFRESH_GRACE_SECONDS', 'OUTBOX_MAX_AGE_SECONDS', 'MONGODB_URI', 'STROWGER_SERVICES']) expect(text).toContain(name);
  });
});
