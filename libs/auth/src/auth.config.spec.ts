import { authConfig, guardConfig } from './auth.config';
import { SECRET } from './stand-in.fixture';

describe('guardConfig', () => {
  const good = { TOKEN_SERVICE_URL: 'http://127.0.0.1:13001', STROWGER_SERVICE_ID: 'shop', STROWGER_SERVICE_SECRET: SECRET };
  const bus = { NATS_URL: 'nats://127.0.0.1:4222', NATS_USER: 'shop', NATS_PASSWORD: 'p', STROWGER_ISSUER: 'https://auth.example.com' };
  it('needs no bus', () => { expect(guardConfig(good)).toEqual({ ...good, ACCESS_TOKEN_TTL_MAX_SECONDS: 86_400, CLOCK_SKEW_SECONDS: 60 }); });
  it('takes one, and then wants the issuer', () => { expect(guardConfig({ ...good, ...bus })).toMatchObject(bus); });
  it.each<[string, Record<string, string | undefined>]>([['STROWGER_ISSUER', { STROWGER_ISSUER: undefined }], ['NATS_PASSWORD', { NATS_PASSWORD: undefined }], ['NATS_USER', { NATS_USER: undefined }], ['STROWGER_ISSUER', { STROWGER_ISSUER: 'https://auth.example.com/' }],
    ['ACCESS_TOKEN_TTL_MAX_SECONDS', { ACCESS_TOKEN_TTL_MAX_SECONDS: '0' }], ['CLOCK_SKEW_SECONDS', { CLOCK_SKEW_SECONDS: '-1' }], ['NATS_URL', { NATS_URL: 'nats://user:pw@host' }]])('names %s where it is %j', (name, change) => {
    expect(() => guardConfig({ ...good, ...bus, ...change })).toThrow(name);
  });
});

describe('authConfig', () => {
  const good = { TOKEN_SERVICE_URL: 'http://127.0.0.1:13001/', STROWGER_SERVICE_ID: 'scope-service', STROWGER_SERVICE_SECRET: SECRET };
  it('takes the origin of token-service and this service\'s credential', () => {
    expect(authConfig(good)).toEqual({ ...good, TOKEN_SERVICE_URL: 'http://127.0.0.1:13001', API_REQUESTS_PER_MINUTE: 600 });
  });
  it.each([{ TOKEN_SERVICE_URL: 'http://x/path' }, { TOKEN_SERVICE_URL: 'http://user:pw@x' }, { TOKEN_SERVICE_URL: 'ftp://x' }, { STROWGER_SERVICE_ID: 'a:b' }, { STROWGER_SERVICE_SECRET: 'short' }, { API_REQUESTS_PER_MINUTE: '0' }, { API_REQUESTS_PER_MINUTE: '-1' }])('refuses %p', bad => {
    expect(() => authConfig({ ...good, ...bad })).toThrow();
  });
});
