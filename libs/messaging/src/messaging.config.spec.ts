import { messagingConfig } from './messaging.config';

describe('the settings of the bus', () => {
  it('are a server, or several of a cluster, and credentials or none; nothing else is kept, and they are frozen', () => {
    const config = messagingConfig({ NATS_URL: 'nats://a.example:4222,tls://[::1]:4223', NATS_USER: 'token-service', NATS_PASSWORD: 'p', HOME: '/x' });
    expect(config).toEqual({ NATS_URL: 'nats://a.example:4222,tls://[::1]:4223', NATS_USER: 'token-service', NATS_PASSWORD: 'p' });
    expect(Object.isFrozen(config)).toBe(true);
    expect(messagingConfig({ NATS_URL: 'nats://127.0.0.1' })).toEqual({ NATS_URL: 'nats://127.0.0.1' });
  });

  it.each([
    [{}, 'NATS_URL'], [{ NATS_URL: '' }, 'NATS_URL'], [{ NATS_URL: 'http://a' }, 'NATS_URL'], [{ NATS_URL: 'nats://user:password@a' }, 'NATS_URL'], [{ NATS_URL: 'nats://a,' }, 'NATS_URL'], [{ NATS_URL: 'nats://a\r\nPUB x' }, 'NATS_URL'],
    [{ NATS_URL: 'nats://a', NATS_USER: 'token-service' }, 'NATS_PASSWORD'], [{ NATS_URL: 'nats://a', NATS_PASSWORD: 'p' }, 'NATS_USER'], [{ NATS_URL: 'nats://a', NATS_USER: 'a.>', NATS_PASSWORD: 'p' }, 'NATS_USER'],
    [{ NATS_URL: 'nats://a', NATS_USER: 'a', NATS_PASSWORD: '' }, 'NATS_PASSWORD'],
  ])('refuse %j and name %s', (environment, variable) => {
    let thrown: unknown;
    try { messagingConfig(environment); } catch (error) { thrown = error; }
    expect(JSON.stringify(thrown)).toContain(variable);
  });
});
