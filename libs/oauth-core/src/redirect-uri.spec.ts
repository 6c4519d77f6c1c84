import fc from 'fast-check';
import { OAuthError } from './oauth-error';
import { parseRedirectUris, redirectUriMatches } from './redirect-uri';

/** What `invalid_request` says. */
function refusal(input: unknown): string {
  try { parseRedirectUris(input); } catch (error) {
    if (error instanceof OAuthError && error.code === 'invalid_request') return error.description;
    throw error;
  }
  throw new Error('not refused');
}

describe('registering redirect URIs', () => {
  it.each([
    'https://a.ex/cb', 'https://a.ex', 'https://a.ex?x=1', 'https://A.ex:8443/CB/%C3%A4?q=a%20b&next=/x', 'https://xn--mnchen-3ya.example/cb', 'https://192.0.2.7/cb', 'https://[2001:db8::1]/cb',
    'https://a.ex/.well-known/cb', 'https://a.ex/a..b/c.', 'https://a.ex/cb?go=code', 'https://a.ex/cb?encode=1&my_state=2', 'https://a.ex/a@b,c;d=1',
    'http://127.0.0.1/cb', 'http://127.0.0.1:9999/cb', 'http://[::1]:8080/cb', 'http://localhost/cb', 'com.example.app:/cb', 'com.example.app://oauth/cb', 'com.example.app://', 'com.example.app:///cb', 'com.example.app://OAuth?x=1', 'io.my-app.x:/',
  ])('accepts %s exactly as given', uri => { expect(parseRedirectUris([uri])).toEqual([uri]); });

  it('S8: takes a list or text with spaces, each validated alone; none at all is fine', () => {
    expect(parseRedirectUris('https://a.ex/cb  http://127.0.0.1/cb ')).toEqual(['https://a.ex/cb', 'http://127.0.0.1/cb']);
    expect(parseRedirectUris(['https://a.ex/cb', 'https://a.ex/cb'])).toEqual(['https://a.ex/cb']);
    for (const none of [undefined, '', ' ', []]) expect(parseRedirectUris(none)).toEqual([]);
    for (const trick of ['https://a.ex/cb\thttps://evil.ex/', 'https://a.ex/cb\nhttps://evil.ex/', 'https://a.ex/cb\r\nhttps://evil.ex/', 'https://a.ex,https://evil.ex/', 'https://a.ex/cb evil']) refusal(trick);
    refusal(['https://a.ex/cb https://b.ex/cb']);
    expect(parseRedirectUris('https://a.ex/cb,https://evil.ex/')).toEqual(['https://a.ex/cb,https://evil.ex/']);
  });
  it.each([[null], [7], [{}], [{ 0: 'https://a.ex', length: 1 }], [[7]], [[['https://a.ex/']]], [[null]], [true]])('refuses %j, which is no list of texts', input => { refusal(input); });

  it('takes at most 20, of at most 2048 characters each', () => {
    const many = Array.from({ length: 21 }, (_, n) => `https://a.ex/${String(n)}`);
    expect(parseRedirectUris(many.slice(1))).toHaveLength(20);
    expect(refusal(many)).toContain('more than 20');
    expect(refusal(many.join(' '))).toContain('more than 20');
    expect(parseRedirectUris([`https://a.ex/${'a'.repeat(2035)}`])).toHaveLength(1);
    expect(refusal([`https://a.ex/${'a'.repeat(2036)}`])).toMatch(/^redirect URI https:\/\/a\.ex\/a{48}\.\.\.: it is longer than 2048/);
  });
  it('S6: refuses a private scheme without a dot, and says what would do', () => {
    expect(refusal(['myapp:/cb'])).toBe('redirect URI myapp:/cb: use https, http for loopback (http://127.0.0.1/), or a scheme that is a reversed domain name of yours (com.example.app:/callback)');
    for (const uri of ['myapp://cb', 'com.example.app:cb', '.a:/cb', 'com..example:/cb', 'com.example.:/cb', 'Com.Example:/cb', '1com.example:/cb', 'com.example.app']) refusal([uri]);
  });
  it.each(['com.app://:', 'com.app://:8080/', 'com.app://a:99999', 'com.app://a:080/cb', 'com.app://a:b/'])('S4: refuses %s, whose host no system or not every one can read', uri => { refusal([uri]); });
  it.each([
    'http://a.ex/cb', 'http://127.0.0.2/', 'http://127.1/', 'http://0.0.0.0/', 'http://localhost.ex/', 'http://LOCALHOST/', 'http://127.0.0.1.ex/', 'http://[::ffff:127.0.0.1]/', 'http://127.0.0.1@evil.ex/',
  ])('refuses http beyond loopback: %s', uri => { refusal([uri]); });
  it.each([
    'javascript:alert(1)', 'data:text/html,x', 'file:///etc/passwd', 'vbscript:x', 'ftp://a.ex/', '//evil.ex', '/cb', '\\evil', 'https:\\\\a.ex', 'https:/a.ex', 'https:///a.ex', 'https:a.ex', 'https://',
    'HTTPS://a.ex/', 'https://a.ex#f', 'https://a.ex/#', 'https://u@a.ex/', 'https://u:p@a.ex/', 'https://a.ex@evil.ex', 'com.example.app://u@a.ex/', 'https://a.ex:/', 'https://a.ex:0/', 'https://a.ex:65536/',
    'https://a.ex:99999/', 'https://a.ex:080/', 'https://a.ex:8 0/', 'https://0x7f.1/', 'https://2130706433/', 'https://127.1/', 'https://a..ex/', 'https://.a.ex/', 'https://a.ex./', 'https://-a.ex/', 
    'https://[::1', 'https://[::g]/', 'https://[0:0:0:0:0:0:0:1]/', 'https://a.ex,b.ex/', 'https://*.a.ex/', 'https://a.ex%2fevil.ex/', 'https://exämple.ex/', 'https://\u0430.ex/', 'https://a.ex/ä', 'https://a.ex/\u0000',
    'https://a.ex/\u007f', 'https://a.ex/"', 'https://a.ex/<', 'https://a.ex/a\\b', 'https://a.ex/%', 'https://a.ex/%zz', 'https://a.ex/%0d%0aX:y', 'https://a.ex/?x=%0A', 'https://a.ex/?x=%00', 'https://a.ex/[',
    ' ', 'https://a.ex/ ',
  ])('S4: refuses %j', uri => { refusal([uri]); });
  it.each([
    '/..', '/.', '/cb/../x', '/cb/./x', '/cb/..', '/cb/..;/x', '/cb;/../x', '/cb/%2e%2e/x', '/cb/.%2E/x', '/cb%2f..%2fx', '/cb/%252e%252e/x', '/cb%5c..', '/cb%2Fx', '/cb/%2e',
  ])('S4: refuses path trick %s in https and private schemes', path => {
    expect(refusal([`https://a.ex${path}`])).toContain('path');
    expect(refusal([`com.example.app:${path}`])).toContain('path');
  });
  it.each([
    'code=1', 'state=', 'error=x', 'iss=x', 'x=1&code=2', 'code', 'x&state', 'x;code=1', 'Code=1', 'c%6fde=1', '%63ode=1', '+code=1', 'code%5B%5D=1', 'error_description=x', 'access_token=x', 'id_token=x', '%73%74ate=x', 'x=%ff&%69ss=y',
  ])('S7: refuses a query with an authorization response\'s parameter: %s', query => {
    expect(refusal([`https://a.ex/cb?${query}`])).toContain('query');
    expect(refusal([`com.example.app:/cb?${query}`])).toContain('query');
  });
  it('names a URI in printable ASCII only', () => {
    expect(refusal(['\u0000"\\\r\n€'])).toMatch(/^redirect URI \?{6}: [ -~]+$/);
  });
  it('S63: judges 100 KB of evil text in linear time', () => {
    const began = process.cpuUsage();      // of this process's own: others may be busy
    for (const evil of ['a', '.', 'a.', '%', '%2', '/.', '..;/', ' ', 'https://', 'a.ex:', '[', '&', ';', '-.', '\u0000', 'com.']) {
      const text = evil.repeat(Math.ceil(102_400 / evil.length));
      for (const input of [text, [text], `https://a.ex/?${text}`, [`https://${text.slice(0, 2040)}`], [`com.${text.slice(0, 2040)}`], [`https://a.ex/?${text.slice(0, 2035)}`]]) {
        try { parseRedirectUris(input); } catch (error) { expect(error).toMatchObject({ code: 'invalid_request' }); }
      }
    }
    const { user, system } = process.cpuUsage(began);
    expect(user + system).toBeLessThan(2_000_000);
  });
  it('answers anything with texts as given or invalid_request; what it accepts a browser reads as written', () => {
    const piece = fc.constantFrom('https://', 'http://', '127.0.0.1', 'localhost', 'a.ex', '.', '..', '/', ':', '8080', '@', '?', '#', '%2e', '%', '[::1]', ';', '\\', ' ', '\t', 'com.app:/', 'code=', 'ä', '-');
    const begin = fc.constantFrom('', 'https://', 'https://a.ex', 'http://127.0.0.1', 'com.app:/'), uri = fc.tuple(begin, fc.array(piece, { maxLength: 6 })).map(([start, pieces]) => start + pieces.join(''));
    fc.assert(fc.property(fc.oneof(fc.anything(), uri, uri.map(alone => [alone]), fc.array(uri)), input => {
      let uris: string[];
      try { uris = parseRedirectUris(input); } catch (error) { expect(error).toMatchObject({ code: 'invalid_request' }); return; }
      for (const uri of uris) {
        const read = new URL(uri);
        expect(read.protocol).toMatch(/^(https?|[a-z0-9+-]+(\.[a-z0-9+-]+)+):$/);
        expect(read.username + read.password + read.hash).toBe('');
        if (read.protocol === 'http:') expect(['127.0.0.1', '[::1]', 'localhost']).toContain(read.hostname);
        expect(read.href.replace(/\/$/, '').endsWith(uri.replace(/^[^:]*:\/\/[^/?]*/, '').replace(/^(?=\?)/, /^https?:/.test(uri) ? '/' : '').replace(/\/$/, ''))).toBe(true);
      }
    }), { numRuns: 4000 });
  });
});

describe('matching a presented redirect URI', () => {
  const registered = 'https://a.ex/cb';
  it('accepts the registered one', () => { expect(redirectUriMatches(registered, registered)).toBe(true); });
  it.each([
    '/cb/', '/cb?x=1', '/CB', '/cb/../x', '/cb/..', '/./cb', '//cb', '/cb%2f..%2fx', '/cb/%252e%252e/x', '/cb/%2e%2e/x', '/cb;/../x', '/cb%0d%0a', '/cb#f', '/cb#', '/cb%00', '/cb ', '/cb?', '/c%62', '/', '', '/cb\\',
  ].map(tail => `https://a.ex${tail}`).concat([
    'https://a.ex@evil.ex/cb', 'https://a.ex:443/cb', 'https://a.ex.evil.ex/cb', 'http://a.ex/cb', 'HTTPS://a.ex/cb', 'https://A.ex/cb', '//evil.ex', '\\evil', 'javascript:alert(1)', 'data:,x', 'https://\u0430.ex/cb', 'https://evil.ex/https://a.ex/cb',
    'https://u@a.ex/cb', ' https://a.ex/cb', 'https://a.ex/cb,https://evil.ex/',
  ]))('S4: refuses %j', presented => { expect(redirectUriMatches(registered, presented)).toBe(false); });
  it.each([
    ['http://127.0.0.1/cb', 'http://127.0.0.1:51004/cb'], ['http://127.0.0.1:3000/cb', 'http://127.0.0.1:51004/cb'], ['http://127.0.0.1:3000/cb', 'http://127.0.0.1/cb'],
    ['http://[::1]/cb', 'http://[::1]:51004/cb'], ['http://127.0.0.1/cb?a=1', 'http://127.0.0.1:9/cb?a=1'], ['http://127.0.0.1', 'http://127.0.0.1:9'],
  ])('S5: the port of loopback floats: %s as %s', (ours, theirs) => { expect(redirectUriMatches(ours, theirs)).toBe(true); });
  it.each([
    ['http://127.0.0.1/cb', 'http://[::1]:51004/cb'], ['http://127.0.0.1/cb', 'http://localhost:51004/cb'], ['http://localhost/cb', 'http://localhost:51004/cb'], ['http://127.0.0.1/cb', 'http://127.0.0.1:51004/cb/'],
    ['http://127.0.0.1/cb', 'http://127.0.0.1:51004/CB'], ['http://127.0.0.1/cb', 'http://127.0.0.1:51004/cb?x=1'], ['http://127.0.0.1/cb', 'https://127.0.0.1:51004/cb'], ['http://127.0.0.1/cb', 'http://127.0.0.2:51004/cb'],
    ['http://127.0.0.1/cb', 'http://127.0.0.1:80@evil.ex/cb'], ['http://127.0.0.1/cb', 'http://127.0.0.1:51004.evil.ex/cb'], ['http://127.0.0.1/cb', 'http://127.0.0.1.evil.ex/cb'], ['http://127.0.0.1/cb', 'http://127.0.0.1:65536/cb'],
    ['http://127.0.0.1/cb', 'http://127.0.0.1:0/cb'], ['http://127.0.0.1/cb', 'http://127.0.0.1:/cb'], ['http://127.0.0.1/cb', 'http://127.0.0.1:51004/cb#f'], ['http://127.0.0.1', 'http://127.0.0.1:9/'],
    ['http://127.0.0.1/cb', 'http://127.0.0.1:51004\\@evil.ex/cb'], ['https://127.0.0.1/cb', 'https://127.0.0.1:51004/cb'],
  ])('S5: host, path, scheme and localhost do not: %s as %s', (ours, theirs) => { expect(redirectUriMatches(ours, theirs)).toBe(false); });
});
