import 'reflect-metadata';
import { createServer, IncomingHttpHeaders, request as ask, RequestOptions, Server } from 'node:http';
import { AddressInfo, connect } from 'node:net';
import { RunningService, serve } from '@strowger/service/start-service';
import { portalService } from './portal-service';
import { portalServiceConfig } from './portal-service.config';

interface Seen { service: string; method: string; url: string; headers: IncomingHttpHeaders; raw: readonly string[]; body: string }
const names = ['token', 'registry', 'scope', 'audit', 'pbx'] as const;
const seen: Seen[] = [];
const last = (): Seen | undefined => seen.at(-1);

/** A service that says what it was asked. Paths that end in `/status/NNN` answer so; `/hang` never, `/cut` in the middle of an answer. */
const upstream = (service: string, port = 0): Promise<Server> => new Promise(resolve => {
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part)).on('end', () => {
      const url = request.url ?? '';
      seen.push({ service, method: request.method ?? '', url, headers: request.headers, raw: request.rawHeaders, body: Buffer.concat(parts).toString('latin1') });
      if (url.endsWith('/cut')) { response.writeHead(200, { 'content-length': '100' }).write('half'); setImmediate(() => { response.destroy(); }); return; }
      const status = Number(/\/status\/(\d+)$/.exec(url)?.[1] ?? 200);
      response.writeHead(status, { 'content-type': 'application/json', 'set-cookie': ['a=1', 'b=2'], 'retry-after': '7', 'cache-control': 'no-store', ...(status === 303 && { location: '/login?next=%2F' }) });
      response.end(request.method === 'HEAD' ? undefined : JSON.stringify({ service }));
    });
  }).listen(port, '127.0.0.1', () => { resolve(server); });
});
const portOf = (server: Server): number => (server.address() as AddressInfo).port;

let door: RunningService, port: number;
const upstreams = new Map<string, Server>();
interface Answer { status: number; headers: IncomingHttpHeaders; body: string }
const call = (path: string, options: RequestOptions = {}, body?: string | Buffer): Promise<Answer> => new Promise((resolve, reject) => {
  const sent = ask({ host: '127.0.0.1', port, path, agent: false, ...options }, response => {
    const parts: Buffer[] = [];
    response.on('data', (part: Buffer) => parts.push(part)).on('error', reject)
      .on('end', () => { resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(parts).toString() }); });
  }).on('error', reject);
  sent.end(body);
});
/** Whatever bytes, as they stand; the first line of the answer. */
const raw = (bytes: string): Promise<string> => new Promise((resolve, reject) => {
  let answer = '';
  const socket = connect(port, '127.0.0.1', () => { socket.write(bytes); }).on('error', reject).setTimeout(30_000, () => { reject(new Error('no answer')); });
  socket.on('data', part => { answer += part.toString(); if (answer.includes('\r\n')) { socket.destroy(); resolve(answer.split('\r\n', 1)[0] ?? ''); } });
});

beforeAll(async () => {
  for (const name of names) upstreams.set(name, await upstream(name));
  const urlOf = (name: string): string => { const server = upstreams.get(name); return `http://127.0.0.1:${String(server ? portOf(server) : 0)}`; };
  door = await serve(portalService(portalServiceConfig({
    PORT: '0', LOG_LEVEL: 'silent', TRUSTED_PROXIES: '127.0.0.1', TOKEN_SERVICE_URL: urlOf('token'), APP_REGISTRY_SERVICE_URL: urlOf('registry'), SCOPE_SERVICE_URL: urlOf('scope'), AUDIT_SERVICE_URL: urlOf('audit'), PBX_API_SERVICE_URL: urlOf('pbx'),
  })));
  port = Number(new URL(door.url).port);
});
afterAll(async () => {
  await door.close();
  for (const server of upstreams.values()) server.close();
});
beforeEach(() => { seen.length = 0; });

describe('paths', () => {
  it.each<[string, (typeof names)[number]]>([
    ['/oauth/token', 'token'], ['/token', 'token'], ['/token-exchange', 'token'], ['/user/', 'token'], ['/user', 'token'], ['/login', 'token'], ['/logout', 'token'], ['/device', 'token'],
    ['/.well-known/jwks.json', 'token'], ['/oauth/consents/abc', 'token'], ['/api/applications', 'registry'], ['/api/applications/0af/secrets', 'registry'], ['/api/accounts?limit=2', 'registry'],
    ['/api/tenant', 'registry'], ['/api/tenant/logo', 'registry'], ['/api/urls', 'registry'], ['/api/scopes', 'scope'], ['/api/scopes/resolve?scope=rest:a%20rest:b&scope=%2e%2e', 'scope'],
    ['/api/scopes/rest%3Aa/reach', 'scope'], ['/api/audit/events?cursor=x', 'audit'], ['/api/audit/events/Ab_-', 'audit'],
  ])('%s is %s\'s, to the character', async (path, service) => {
    expect(await call(path)).toMatchObject({ status: 200, body: JSON.stringify({ service }) });
    expect(last()).toMatchObject({ service, url: path });
  });

  it.each(['/metrics', '/health/ready', '/oauth', '/api', '/api/scope', '/api/scopesx', '/api/tenants', '/internal', '/TOKEN', '/Api/scopes', '/oauth/../metrics', '/token/health/live'])('%s reaches no service', async path => {
    await call(path);
    expect(seen).toEqual([]);
  });

  it('what there is not is a 404 in JSON, and the index names where to begin', async () => {
    expect(await call('/nothing')).toMatchObject({ status: 404, headers: { 'content-type': 'application/json; charset=utf-8' }, body: expect.stringContaining('"error":"not_found"') as string });
    const index = JSON.parse((await call('/')).body) as Record<string, string>;
    for (const path of Object.values(index).filter(value => value.startsWith('/'))) expect((await call(path)).status).toBe(200);
  });

  it.each([
    '//oauth/token', '/oauth//token', '/api/scopes/../audit/events', '/api/scopes/%2e%2e/audit/events', '/api/scopes/..%2faudit', '/api/scopes%2f..%2faudit', '/%61pi/scopes', '/api/scopes/%2E%2E/accounts',
    '/api/scopes/;/../audit', '/api\\scopes', '/api/scopes/..\\audit', '/oauth/token%00', 'http://127.0.0.1/api/scopes', '//127.0.0.1:1/token', '/api/scopes/%252e%252e/audit',
  ])('S68: %s reaches no service', async target => {
    expect(await raw(`GET ${target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`)).toBe('HTTP/1.1 404 Not Found');
    expect(seen).toEqual([]);
  });

  it('S68: no header turns a request into another', async () => {
    await call('/api/scopes', { headers: { 'x-original-url': '/api/accounts', 'x-rewrite-url': '/metrics', 'x-http-method-override': 'DELETE' } });
    expect(last()).toMatchObject({ service: 'scope', url: '/api/scopes', method: 'GET' });
    for (const name of ['x-original-url', 'x-rewrite-url', 'x-http-method-override']) expect(last()?.headers).not.toHaveProperty(name);
    await call('/api/scopes', { method: 'HEAD' });
    expect(last()).toMatchObject({ service: 'scope', method: 'HEAD' });
    expect((await call('/token', { method: 'TRACE' })).status).toBe(404);
  });
});

describe('what is passed on', () => {
  it('S69: the peer is named, and nothing a caller says of itself or of this host is believed', async () => {
    await call('/token', { headers: { host: 'evil.example', 'x-forwarded-for': '6.6.6.6', 'x-forwarded-host': 'evil.example', 'x-forwarded-proto': 'https', forwarded: 'for=6.6.6.6', 'x-real-ip': '6.6.6.6' } });
    expect(last()?.headers['x-forwarded-for']).toBe('127.0.0.1');
    expect(last()?.headers.host).not.toContain('evil');
    expect(last()?.raw.join(' ')).not.toMatch(/6\.6\.6\.6|evil/);
  });

  it('the request has one id, in the request, at the service and in the answer', async () => {
    expect((await call('/token', { headers: { 'x-request-id': 'my-id.1' } })).headers['x-request-id']).toBe('my-id.1');
    expect(last()?.headers['x-request-id']).toBe('my-id.1');
    const { headers } = await call('/token', { headers: { 'x-request-id': 'not an id!' } });
    expect(last()?.headers['x-request-id']).toBe(headers['x-request-id']);
    expect(headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/);
  });

  it.each<[string, string | undefined]>([
    ['a form', 'application/x-www-form-urlencoded; charset=utf-8'], ['JSON with a charset', 'application/json;charset=UTF-8'], ['something odd', 'multipart/form-data; boundary=x'], ['no content type', undefined],
  ])('a body as %s arrives as it was sent', async (_what, type) => {
    const body = Buffer.from([...Array(256).keys()]);
    await call('/oauth/token', { method: 'POST', headers: { ...(type !== undefined && { 'content-type': type }), authorization: 'Basic eDp5' } }, body);
    expect(last()).toMatchObject({ method: 'POST', body: body.toString('latin1'), headers: { 'content-length': '256', authorization: 'Basic eDp5' } });
    expect(last()?.headers['content-type']).toBe(type);
  });

  it('so does an empty one, one in chunks, one after 100-continue, and none with a GET', async () => {
    expect((await call('/token', { method: 'POST', headers: { 'content-type': 'application/json', 'content-length': '0' } })).status).toBe(200);
    expect(last()).toMatchObject({ body: '', headers: { 'content-type': 'application/json' } });
    expect((await call('/token', { method: 'POST', headers: { 'transfer-encoding': 'chunked', 'content-type': 'text/plain' } }, 'a=b')).status).toBe(200);
    expect(last()?.body).toBe('a=b');
    expect((await call('/token', { method: 'POST', headers: { expect: '100-continue', 'content-length': '3' } }, 'a=b')).status).toBe(200);
    expect(last()?.body).toBe('a=b');
    expect((await call('/oauth/token', { method: 'GET', headers: { 'content-length': '3' } }, 'a=b')).status).toBe(200);
    expect(last()).toMatchObject({ method: 'GET', body: '' });
    expect((await call('/api/accounts/x', { method: 'DELETE' })).status).toBe(200);
    expect((await call('/token', { method: 'POST', headers: { connection: 'upgrade, http2-settings', upgrade: 'h2c', 'http2-settings': 'x' } }, 'a=b')).status).toBe(200);
  });

  it('the answer comes back whole: status, cookies, redirects, retry-after, errors', async () => {
    for (const status of [201, 303, 400, 401, 404, 405, 429, 500]) {
      const answer = await call(`/oauth/status/${String(status)}`, { method: 'POST' });
      expect(answer).toMatchObject({ status, body: '{"service":"token"}', headers: { 'set-cookie': ['a=1', 'b=2'], 'retry-after': '7', 'cache-control': 'no-store' } });
      expect(answer.headers.location).toBe(status === 303 ? '/login?next=%2F' : undefined);
    }
  });

  it('a 503 of a service is passed on, not asked again', async () => {
    expect(await call('/oauth/status/503')).toMatchObject({ status: 503, headers: { 'retry-after': '7' } });
    expect(seen).toHaveLength(1);
  });
});

describe('S37: limits', () => {
  it.each([['of 1 MB, as announced', 'Content-Length: 1048576\r\n\r\n'], ['in chunks', `Transfer-Encoding: chunked\r\n\r\n10001\r\n${'a'.repeat(65_537)}\r\n`]])('a body over 64 KiB, %s, is 413 and reaches no service', async (_what, rest) => {
    expect(await raw(`POST /oauth/token HTTP/1.1\r\nHost: x\r\n${rest}`)).toBe('HTTP/1.1 413 Payload Too Large');
    expect(seen).toEqual([]);
  });

  it('64 KiB pass', async () => {
    expect((await call('/api/tenant/logo', { method: 'PUT' }, Buffer.alloc(65_536, 'a'))).status).toBe(200);
    expect(last()?.body.length).toBe(65_536);
  });

  it('a client that sends half of its body holds nobody behind the door', async () => {
    const socket = connect(port, '127.0.0.1', () => { socket.write('POST /token HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nhalf'); });
    expect((await call('/token')).status).toBe(200);
    expect(seen.map(one => one.method)).toEqual(['GET']);
    socket.destroy();
  });
});

describe('a service that is down', () => {
  it('takes its own paths with it, as 503 with Retry-After, and comes back by itself', async () => {
    const server = upstreams.get('scope');
    if (!server) throw new Error('no such upstream');
    const was = portOf(server);
    await new Promise(resolve => { server.close(resolve); server.closeAllConnections(); });
    for (const method of ['GET', 'POST', 'DELETE']) {
      const answer = await call('/api/scopes', { method, headers: { connection: 'keep-alive' } }, method === 'POST' ? 'a=b' : undefined);
      expect(answer).toMatchObject({ status: 503, headers: { 'retry-after': '1' } });
      expect(JSON.parse(answer.body)).toEqual({ error: 'temporarily_unavailable', error_description: 'the service behind this path does not answer; try again' });
    }
    expect((await call('/api/audit/status')).status).toBe(200);
    expect((await call('/health/ready')).status).toBe(200);
    upstreams.set('scope', await upstream('scope', was));
    expect((await call('/api/scopes', { method: 'POST' }, 'a=b')).status).toBe(200);
  });

  it('in the middle of its answer: the caller sees that it is not whole', async () => {
    await expect(call('/oauth/cut')).rejects.toThrow();
    expect((await call('/token')).status).toBe(200);
  });
});
