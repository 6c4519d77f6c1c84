import { z } from 'zod';
import { BadEnvironment, parseEnvironment } from './environment';
import { ServiceEnvironment, serviceConfig } from './service.config';

const problemsOf = (work: () => unknown): readonly string[] => {
  try { work(); } catch (error) { if (error instanceof BadEnvironment) return error.problems; throw error; }
  throw new Error('the environment was accepted');
};

describe('parseEnvironment', () => {
  const Schema = z.object({ ...ServiceEnvironment.shape, MONGODB_URI: z.url(), SIGNING_KEY: z.string().length(3), COLOUR: z.enum(['red', 'blue']), NATS_URL: z.string().max(3) });

  it('names every bad variable, and what was expected of it', () => {
    const problems = problemsOf(() => parseEnvironment(Schema, { PORT: '99999', LOG_LEVEL: 'loud', MONGODB_URI: 'x', SIGNING_KEY: 'x', TRUSTED_PROXIES: '10.0.0.1,nonsense', NATS_URL: 'abc' }));
    expect(problems.map(line => line.split(' ')[0])).toEqual(['PORT', 'LOG_LEVEL', 'TRUSTED_PROXIES', 'MONGODB_URI', 'SIGNING_KEY', 'COLOUR']);
    expect(problems[0]).toBe('PORT is bad: a whole number from 0 to 65535 (got "99999")');
    expect(problems[5]).toMatch(/^COLOUR is missing: /);
  });
  it('never shows a value that may hold a secret', () => {
    const text = problemsOf(() => parseEnvironment(Schema, { PORT: '1', COLOUR: 'red', MONGODB_URI: 'canary-1', SIGNING_KEY: 'canary-2', NATS_URL: 'nats://me:canary-3@bus' })).join('\n');
    expect(text).toMatch(/NATS_URL is bad/);
    expect(text).not.toContain('canary');
  });
  it('takes an empty variable for an absent one', () => {
    expect(serviceConfig({ PORT: '1', LOG_LEVEL: '' }).LOG_LEVEL).toBe('info');
    expect(problemsOf(() => serviceConfig({ PORT: '' }))).toEqual([expect.stringMatching(/^PORT is missing/)]);
  });
  it('freezes what it read, deeply', () => {
    const config = parseEnvironment(z.object({ A: z.string().transform(a => ({ list: [{ a }] })), B: z.string().transform(b => Buffer.from(b)) }), { A: 'x', B: 'y' });
    expect(() => { config.A.list.push({ a: 'y' }); }).toThrow(TypeError);
    expect(() => { Object.assign(config.A.list[0] ?? {}, { a: 'y' }); }).toThrow(TypeError);
    expect(config.B.toString()).toBe('y');
  });
});

describe('serviceConfig', () => {
  it('needs nothing but a port', () => {
    expect(serviceConfig({ PORT: '8080' })).toEqual({
      HOST: '127.0.0.1', PORT: 8080, LOG_LEVEL: 'info', STROWGER_INSTANCE: expect.stringMatching(/^[0-9a-f]{8}$/) as string,
      TRUSTED_PROXIES: [], STROWGER_PARENT_PIPE: false, SHUTDOWN_SECONDS: 10, REQUEST_TIMEOUT_SECONDS: 20,
      BUSY_MILLISECONDS: 20, LONGEST_WAIT_MILLISECONDS: 3000, REQUESTS_WAITING: 10_000,
    });
  });
  it('reads proxies as a list of addresses and networks', () => {
    expect(serviceConfig({ PORT: '1', TRUSTED_PROXIES: '127.0.0.1, 10.0.0.0/8,::1' }).TRUSTED_PROXIES).toEqual(['127.0.0.1', '10.0.0.0/8', '::1']);
    for (const bad of ['10.0.0.0/33', 'proxy.example', '1.2.3.4/', '1.2.3.4/8/8', '*']) expect(problemsOf(() => serviceConfig({ PORT: '1', TRUSTED_PROXIES: bad }))).toHaveLength(1);
  });
  it('refuses a port that is not a number, and a request timeout over 25 seconds (S37)', () => {
    for (const PORT of ['-1', '80.5', '0x50', ' 80', '1e3', 'http']) expect(problemsOf(() => serviceConfig({ PORT }))).toHaveLength(1);
    expect(problemsOf(() => serviceConfig({ PORT: '1', REQUEST_TIMEOUT_SECONDS: '26' }))).toHaveLength(1);
  });
});
