import fc from 'fast-check';
import { requestHeaders, responseHeaders } from './forwarded-headers';
import { isPlainTarget } from './public-routes';

describe('S68: a path in its one form', () => {
  it.each([
    '/', '/token', '/oauth/token', '/user/', '/.well-known/jwks.json', '/api/scopes/rest:callforward:read/reach', '/api/scopes/rest%3Acallforward/reach', '/api/audit/events/AbC-_09',
    '/api/scopes?scope=../%2e%2e//;\\', '/api/accounts/a@b.example', '/api/accounts/..a', '/token?',
  ])('passes: %s', target => { expect(isPlainTarget(target)).toBe(true); });

  it.each([
    '', '*', 'token', 'http://localhost/token', '//token', '/oauth//token', '/api/scopes//', '/.', '/..', '/./token', '/oauth/../token', '/oauth/..', '/oauth/.', '/api/scopes/..%2faudit',
    '/%61pi/scopes', '/api%2fscopes', '/api/scopes/%2e%2e/audit', '/api/scopes/%2E', '/api/scopes/%252e', '/api\\scopes', '/api/scopes;/../audit', '/api/scopes;x=1', '/api/scopes/%00', '/api/scopes/%0d%0a',
    '/api/scopes/%zz', '/api/scopes/%', '/api/scopes/é', '/api/scopes/a b', '/api/scopes#x', '/api/scopes/"', '/api/scopes/<', '/api/scopes/%c0%ae%c0%ae', '/token\n',
  ])('is no other: %s', target => { expect(isPlainTarget(target)).toBe(false); });

  it('names the same path however it is read: parsed as a URL, or decoded and cleaned of slashes', () => {
    const piece = fc.constantFrom('api', 'scopes', '..', '.', '', '%2e', '%2f', '%61', ':', '%3A', ';', '\\', 'token', '%5c', '~', '..a');
    fc.assert(fc.property(fc.array(piece, { maxLength: 6 }), pieces => {
      const target = `/${pieces.join('/')}`;
      if (!isPlainTarget(target)) return;
      const decoded = decodeURIComponent(target);
      expect(new URL(target, 'http://x').pathname).toBe(target);
      expect(new URL(decoded, 'http://x').pathname).toBe(decoded);
      expect(decoded.replace(/\/\/+/g, '/')).toBe(decoded);
    }), { numRuns: 2000 });
  });

  it('S63: is judged at once, however long and evil', () => {
    const began = process.cpuUsage();      // of this process's own: others may be busy
    for (const evil of [`${'/a'.repeat(8000)};`, `/${'%3A'.repeat(5000)}%`, `/${'.'.repeat(16000)}/..`, `${'/..a'.repeat(4000)}//`]) isPlainTarget(evil);
    const { user, system } = process.cpuUsage(began);
    expect(user + system).toBeLessThan(1_000_000);
  });
});

describe('S69: headers on their way in', () => {
  const request = { ip: '192.0.2.7', id: 'r1', method: 'POST' };
  it('say who calls by the peer alone, whatever the caller sent', () => {
    expect(requestHeaders(request, {
      authorization: 'Bearer x', 'content-type': 'application/json', 'content-length': '2', cookie: 'a=b', 'x-forwarded-for': '1.2.3.4', 'x-forwarded-host': 'evil', 'x-forwarded-proto': 'https', forwarded: 'for=1.2.3.4',
      'x-real-ip': '1.2.3.4', 'x-original-url': '/api/accounts', 'x-rewrite-url': '/x', 'x-http-method-override': 'DELETE', 'x-request-id': 'forged', via: '1.1 x', expect: '100-continue', upgrade: 'h2c', te: 'trailers',
    })).toEqual({ authorization: 'Bearer x', 'content-type': 'application/json', 'content-length': '2', cookie: 'a=b', 'x-forwarded-for': '192.0.2.7', 'x-request-id': 'r1' });
  });
  it('name an IPv4 peer as such on a socket of both kinds', () => {
    expect(requestHeaders({ ...request, ip: '::ffff:192.0.2.7' }, {})).toMatchObject({ 'x-forwarded-for': '192.0.2.7' });
    expect(requestHeaders({ ...request, ip: '2001:db8::1' }, {})).toMatchObject({ 'x-forwarded-for': '2001:db8::1' });
  });
  it('announce no body with a GET, whose body is not passed on', () => {
    expect(requestHeaders({ ...request, method: 'GET' }, { 'content-length': '5' })).not.toHaveProperty('content-length');
  });
  it('on their way out lose what concerns one connection', () => {
    expect(responseHeaders({ connection: 'close', 'keep-alive': 'timeout=5', 'content-type': 'text/plain', 'set-cookie': ['a', 'b'], location: '/login', 'retry-after': '1' }))
      .toEqual({ 'content-type': 'text/plain', 'set-cookie': ['a', 'b'], location: '/login', 'retry-after': '1' });
  });
});
