import { ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { join } from 'node:path';
import { exampleService } from './example-service.fixture';
import { makeLog } from './service-log';
import { serviceConfig } from './service.config';
import { RunningService, serve } from './start-service';

const FORM = { 'content-type': 'application/x-www-form-urlencoded' };
const hex = /^[0-9a-f-]{36}$/;

/** Sends `text` over a connection of its own; resolves to all that came until the other side closed it, and after how many ms. */
async function raw(url: string, text: string): Promise<{ answer: string; ms: number }> {
  const began = performance.now();
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  socket.on('error', () => undefined);
  socket.write(text);
  let answer = '';
  socket.on('data', chunk => { answer += chunk.toString(); });
  await once(socket, 'close');
  return { answer, ms: performance.now() - began };
}

describe('a service that listens', () => {
  const lines: string[] = [];
  let service: RunningService;
  let url: string;
  beforeAll(async () => {
    const config = serviceConfig({ PORT: '0', TRUSTED_PROXIES: '127.0.0.2', REQUEST_TIMEOUT_SECONDS: '1' });
    service = await serve(exampleService(config), makeLog('example-service', config, { write: line => { lines.push(line); } }));
    url = service.url;
  });
  afterAll(async () => { await service.close(); });

  it('gives every response a request id: the given one where it is harmless, else its own', async () => {
    const idOf = async (path: string, given?: string) => (await fetch(`${url}${path}`, given === undefined ? {} : { headers: { 'x-request-id': given } })).headers.get('x-request-id');
    expect(await idOf('/hello/x', 'abc-DEF_1.2')).toBe('abc-DEF_1.2');
    for (const bad of ['a b', 'a"b', '{}', 'x'.repeat(65), 'é']) expect(await idOf('/hello/x', bad)).toMatch(hex);
    for (const path of ['/hello/x', '/nothing', '/broken', '/%zz', `/hello/${'x'.repeat(300)}`, '/health/live', '/metrics']) expect(await idOf(path)).toMatch(hex);
  });
  it('knows the request id in handlers, also after a body was read, and in their log lines', async () => {
    const answer = await fetch(`${url}/form`, { method: 'POST', headers: { ...FORM, 'x-request-id': 'form-1' }, body: 'a=1' });
    expect(await answer.json()).toEqual({ body: [['a', '1']], request_id: 'form-1' });
    expect(lines.find(line => line.includes('a form came'))).toContain('"request_id":"form-1"');
  });
  it('answers what Fastify refuses by its own filter, without an echo', async () => {
    const refusal = async (path: string, init?: RequestInit) => {
      const answer = await fetch(`${url}${path}`, init);
      return [answer.status, ((await answer.json()) as { filtered: string }).filtered];
    };
    expect(await refusal('/nothing')).toEqual([404, 'Cannot GET /nothing']);
    expect(await refusal('/hello/%zz')).toEqual([400, 'the path is not a valid URL']);
    expect(await refusal(`/hello/${'x'.repeat(300)}`)).toEqual([414, 'a part of the path is too long']);
    expect(await refusal('/form', { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{}' })).toEqual([400, expect.stringMatching(/content type must be/)]);
    expect(await refusal('/form', { method: 'POST', headers: { 'content-type': 'nonsense' }, body: '{}' })).toEqual([400, expect.stringMatching(/content type is not/)]);
    expect(await refusal('/broken')).toEqual([500, 'server_error']);
  });
  it('answers a request that names a content type and has no body, whether it says its length or not', async () => {
    for (const length of ['', 'Content-Length: 0\r\n']) {
      const { answer } = await raw(url, `POST /form HTTP/1.1\r\nHost: x\r\nContent-Type: ${FORM['content-type']}\r\n${length}Connection: close\r\n\r\n`);
      expect(answer).toMatch(/^HTTP\/1\.1 201 [\s\S]*"body":\[\]/);
    }
  });
  it('S37: refuses a body of 1 MB with 413, with and without its length said', async () => {
    const body = 'a'.repeat(1_000_000);
    expect((await fetch(`${url}/form`, { method: 'POST', headers: FORM, body })).status).toBe(413);
    const chunked = await raw(url, `POST /form HTTP/1.1\r\nHost: x\r\nContent-Type: ${FORM['content-type']}\r\nTransfer-Encoding: chunked\r\n\r\n10000\r\n${body.slice(0, 65536)}\r\n10000\r\n${body.slice(0, 65536)}\r\n0\r\n\r\n`);
    expect(chunked.answer).toMatch(/^HTTP\/1.1 413 /);
  });
  it('S37: closes connections whose request does not arrive: no byte, half a header, half a body', async () => {
    const half = `POST /form HTTP/1.1\r\nHost: x\r\nContent-Type: ${FORM['content-type']}\r\nContent-Length: 10\r\n`;
    const slow = await Promise.all([raw(url, ''), raw(url, half), raw(url, `${half}\r\na=1`)]);
    for (const { answer, ms } of slow) {
      expect(ms).toBeLessThan(20_000);
      expect(answer).toMatch(/^HTTP\/1.1 408 /);
      expect(answer).toMatch(/X-Request-Id: [0-9a-f-]{36}\r\n/);
    }
  });
  it('S37: by default the latest moment for that is 25 seconds', () => {
    const { REQUEST_TIMEOUT_SECONDS: timeout } = serviceConfig({ PORT: '1' });
    expect(timeout + Math.min(5, timeout / 4)).toBeLessThanOrEqual(30);
  });
  it('answers what is no HTTP, or has too large a header, with 4xx and closes', async () => {
    expect((await raw(url, 'nonsense\r\n\r\n')).answer).toMatch(/^HTTP\/1.1 400 [^]*"error":"invalid_request"/);
    expect((await raw(url, `GET / HTTP/1.1\r\nHost: x\r\nX: ${'x'.repeat(20000)}\r\n\r\n`)).answer).toMatch(/^HTTP\/1.1 431 /);
  });
  it('believes X-Forwarded-For of a trusted proxy only', async () => {
    const answer = await fetch(`${url}/hello/x`, { headers: { 'x-forwarded-for': '9.9.9.9' } });
    expect(await answer.json()).toMatchObject({ ip: '127.0.0.1' });
    const trusting = await serve(exampleService(serviceConfig({ PORT: '0', LOG_LEVEL: 'silent', TRUSTED_PROXIES: '127.0.0.0/8' })));
    try {
      const forwarded = await fetch(`${trusting.url}/hello/x`, { headers: { 'x-forwarded-for': '8.8.8.8, 9.9.9.9' } });
      expect(await forwarded.json()).toMatchObject({ ip: '9.9.9.9' });
    } finally {
      await trusting.close();
    }
  });
  it('measures requests by route template and status, strangers in one row', async () => {
    await fetch(`${url}/hello/one`); await fetch(`${url}/hello/two`); await fetch(`${url}/no/such/path`, { method: 'DELETE' });
    const metrics = await (await fetch(`${url}/metrics`)).text();
    expect(metrics).toMatch(/http_request_duration_seconds_count\{method="GET",route="\/hello\/:name",status="200"\} \d+/);
    expect(metrics).toMatch(/http_request_duration_seconds_count\{method="any",route="none",status="404"\} \d+/);
    expect(metrics).toMatch(/process_resident_memory_bytes \d+/);
    expect(metrics).not.toContain('no/such');
  });
  it('logs at info no fast good request, every 5xx, and never a query', async () => {
    lines.length = 0;
    await fetch(`${url}/hello/x?access_token=canary`);
    await fetch(`${url}/broken?access_token=canary`, { headers: { 'x-request-id': 'broken-1', authorization: 'Bearer canary' } });
    await fetch(`${url}/health/live`);
    const answered = lines.map(line => JSON.parse(line) as Record<string, unknown>).filter(line => line['msg'] === 'answered');
    expect(answered).toEqual([expect.objectContaining({ level: 'warn', request_id: 'broken-1', method: 'GET', path: '/broken', status: 500 })]);
    expect(lines.join('')).not.toContain('canary');
  });
});

describe('a service of which more is asked than it can do', () => {
  it('answers some, refuses the rest with 503 and Retry-After on connections that live on, answers its health meanwhile, and everything afterwards', async () => {
    const config = serviceConfig({ PORT: '0', LOG_LEVEL: 'silent', BUSY_MILLISECONDS: '10', LONGEST_WAIT_MILLISECONDS: '100' }), service = await serve(exampleService(config));
    try {
      const ask = async (path: string) => { const answer = await fetch(`${service.url}${path}`); return { answer, body: await answer.json() as { busy?: boolean; error?: string } }; };
      // One connection each, before the flood: a process accepts one in a turn of its loop.
      await Promise.all(Array.from({ length: 100 }, () => ask('/slow/500')));
      const flood = Promise.all(Array.from({ length: 100 }, () => ask('/busy/20'))), health = await ask('/health/live');
      expect(health.answer.status).toBe(200);
      const all = await flood, good = all.filter(({ answer }) => answer.status === 200), refused = all.filter(({ answer }) => answer.status === 503);
      expect([good.length > 0, refused.length > 0, good.length + refused.length]).toEqual([true, true, 100]);
      for (const { answer: { headers }, body } of refused) {
        expect([headers.get('retry-after'), headers.get('cache-control'), headers.get('connection'), body.error]).toEqual(['1', 'no-store', 'keep-alive', 'temporarily_unavailable']);
        expect(headers.get('x-request-id')).toMatch(hex);
      }
      expect(await (await fetch(`${service.url}/metrics`)).text()).toContain(`strowger_requests_refused_total ${String(refused.length)}\n`);
      expect((await ask('/busy/1')).answer.status).toBe(200);
    } finally {
      await service.close();
    }
  });
});

describe('a service as a process', () => {
  const running: ChildProcess[] = [];
  afterAll(() => { for (const child of running) child.kill('SIGKILL'); });

  function start(env: NodeJS.ProcessEnv) {
    const child = spawn(process.execPath, [join(__dirname, '../../../test/run-typescript.cjs'), join(__dirname, 'example-service.main.fixture.ts')],
      { env: { PATH: process.env['PATH'], HOST: '127.0.0.1', ...env }, stdio: ['pipe', 'pipe', 'pipe'] });
    running.push(child);
    let output = '';
    const waiting = new Set<() => void>();
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => { output += chunk.toString(); for (const look of waiting) look(); });
    const exit = once(child, 'close').then(([code]) => code as number | null);
    /** Resolves to the match once the process has written it. */
    const says = (what: RegExp): Promise<RegExpExecArray> => new Promise((resolve, reject) => {
      const look = (): void => { const found = what.exec(output); if (found) { waiting.delete(look); resolve(found); } };
      waiting.add(look);
      look();
      void exit.then(() => { reject(new Error(`exited without saying ${String(what)}:\n${output}`)); });
    });
    return { child, exit, says, output: () => output };
  }
  const listening = async (env: NodeJS.ProcessEnv = {}) => {
    const service = start({ PORT: '0', ...env });
    const [, url = ''] = await service.says(/listening on (http:[^"]+)/);
    return { ...service, url };
  };

  it('answers an accepted request after SIGTERM, then drains in order, then exits with 0', async () => {
    const service = await listening();
    const answer = fetch(`${service.url}/slow/700`);
    await service.says(/slow request accepted/);
    service.child.kill('SIGTERM');
    await service.says(/shutting down/);
    expect(await (await answer).json()).toEqual({ slow: true });
    expect(await service.exit).toBe(0);
    expect(service.output()).toMatch(/drained first[^]*drained second/);
    await expect(fetch(service.url)).rejects.toThrow();
  });
  it('gives up a request that does not end within half of the shutdown time, and still drains', async () => {
    const service = await listening({ SHUTDOWN_SECONDS: '1' });
    const answer = fetch(`${service.url}/slow/60000`).catch(() => 'cut');
    await service.says(/slow request accepted/);
    service.child.kill('SIGINT');
    expect(await answer).toBe('cut');
    expect(await service.exit).toBe(1);
    expect(service.output()).toMatch(/not answered in time/);
    expect(service.output()).toMatch(/drained first[^]*drained second/);
  });
  it('exits at once on a second signal', async () => {
    const service = await listening({ SHUTDOWN_SECONDS: '60' });
    const answer = fetch(`${service.url}/slow/60000`).catch(() => 'cut');
    await service.says(/slow request accepted/);
    service.child.kill('SIGTERM');
    await service.says(/shutting down/);
    service.child.kill('SIGTERM');
    expect(await service.exit).toBe(1);
    expect(await answer).toBe('cut');
    expect(service.output()).not.toContain('drained');
  });
  it('stops gracefully when its parent is gone, if it was told to watch it', async () => {
    const service = await listening({ STROWGER_PARENT_PIPE: '1' });
    service.child.stdin.end();
    expect(await service.exit).toBe(0);
    expect(service.output()).toMatch(/the parent is gone/);
    expect(service.output()).toMatch(/drained first[^]*drained second/);
  });
  it('says so and exits with 1 when its port is taken', async () => {
    const first = await listening();
    const port = new URL(first.url).port;
    const second = start({ PORT: port });
    expect(await second.exit).toBe(1);
    expect(second.output()).toContain(`cannot listen on 127.0.0.1:${port}: the port is taken`);
    first.child.kill('SIGTERM');
    expect(await first.exit).toBe(0);
  });
  it('names every bad variable of its environment and exits with 1', async () => {
    const service = start({ PORT: 'x', LOG_LEVEL: 'loud' });
    expect(await service.exit).toBe(1);
    expect(service.output()).toMatch(/PORT is bad[^]*LOG_LEVEL is bad/);
  });
});
