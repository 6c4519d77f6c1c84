import { fastify as makeFastify } from 'fastify';
import { ReadinessCheck, notReady, serveHealth } from './health';
import { makeLog } from './service-log';
import { serviceConfig } from './service.config';

const silent = makeLog('x', serviceConfig({ PORT: '1', LOG_LEVEL: 'silent' }));
const asking = async (path: string, checks: readonly ReadinessCheck[] = []) => {
  const fastify = makeFastify();
  serveHealth(fastify, checks, silent);
  const answer = await fastify.inject(path);
  await fastify.close();
  return answer;
};

describe('readiness', () => {
  it('is 200 when every part is ready', async () => {
    const answer = await asking('/health/ready', [{ name: 'database', check: () => true }, { name: 'bus', check: () => Promise.resolve(true) }]);
    expect([answer.statusCode, answer.json()]).toEqual([200, { status: 'ready' }]);
  });
  it('is 503 with Retry-After and names what is not ready: says no, throws, rejects', async () => {
    const answer = await asking('/health/ready', [
      { name: 'good', check: () => true }, { name: 'no', check: () => false },
      { name: 'throws', check: () => { throw new Error('canary'); } }, { name: 'rejects', check: () => Promise.reject(new Error('canary')) },
    ]);
    expect(answer.statusCode).toBe(503);
    expect(answer.headers).toMatchObject({ 'retry-after': '1', 'cache-control': 'no-store' });
    expect(answer.json()).toEqual({ status: 'not_ready', not_ready: ['no', 'throws', 'rejects'] });
  });
  it('does not wait for a check that never answers', async () => {
    expect(await notReady([{ name: 'hangs', check: () => new Promise<boolean>(() => undefined) }, { name: 'good', check: () => true }], 20)).toEqual(['hangs']);
  });
});

describe('liveness', () => {
  it('asks no other part', async () => {
    const answer = await asking('/health/live', [{ name: 'no', check: () => false }]);
    expect([answer.statusCode, answer.json()]).toEqual([200, { status: 'live' }]);
  });
  it('S66: a process with a polluted Object.prototype is not live', async () => {
    Object.defineProperty(Object.prototype, 'strowgerCanary', { value: 1, enumerable: true, configurable: true });
    try {
      expect((await asking('/health/live')).statusCode).toBe(500);
    } finally {
      Reflect.deleteProperty(Object.prototype, 'strowgerCanary');
    }
  });
});
