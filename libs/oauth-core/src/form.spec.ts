import fc from 'fast-check';
import { parseBasic, parseForm } from './form';
import { OAuthError } from './oauth-error';

/** What a refusal with this code says. */
function refusal(code: string, attempt: () => unknown): string {
  try { attempt(); } catch (error) {
    if (error instanceof OAuthError && error.code === code) return error.description;
    throw error;
  }
  throw new Error('not refused');
}
const refused = (body: string): string => refusal('invalid_request', () => parseForm(body));
const form = (body: string): [string, string][] => [...parseForm(body)];
const basic = (text: string | Buffer): string => `Basic ${Buffer.from(text).toString('base64')}`;

describe('form bodies', () => {
  it('decodes plus and percent as UTF-8', () => {
    expect(form('grant_type=password&username=J%C3%B6rg+M&password=a%2Bb%26c%3Dd%25')).toEqual([['grant_type', 'password'], ['username', 'Jörg M'], ['password', 'a+b&c=d%']]);
    expect(form('gr%61nt=x&a=1=2&emoji=%F0%9F%98%80&raw=ä&%C3%A4=1&rep=%EF%BF%BD')).toEqual([['grant', 'x'], ['a', '1=2'], ['emoji', '😀'], ['raw', 'ä'], ['ä', '1'], ['rep', '\ufffd']]);
  });
  it('takes a parameter without a value as absent', () => {
    expect(form('scope=&a=1&state&&b=2&')).toEqual([['a', '1'], ['b', '2']]);
    for (const nothing of ['', '&', '&&&', 'a=', 'a']) expect(form(nothing)).toEqual([]);
  });
  it.each(['a=1&a=2', 'a=1&a=1', 'a=&a=1', 'a=1&a', 'a&a', 'a=1&%61=2'])('S35: refuses a parameter sent twice: %s', body => {
    expect(refused(`x=1&${body}`)).toBe('the parameter a was sent more than once');
  });
  it.each(['p[$ne]=1', 'p[]=1', 'p[a][b]=1', 'p%5B%24ne%5D=1', 'p[=1', 'p]=1', '[]=1', 'p[]', 'p[a]='])('S36: refuses %s', body => {
    expect(refused(`grant_type=x&${body}`)).toContain('is not a parameter name');
  });
  it.each(['__proto__', 'constructor', 'prototype', '__pro%74o__'])('S66: refuses the name %s', name => {
    for (const body of [`${name}=1`, name, `${name}=`]) expect(refused(body)).toContain('is not a parameter name');
  });
  it('S66: a value like that is only text', () => { expect(form('scope=__proto__')).toEqual([['scope', '__proto__']]); });
  it.each(['a=%', 'a=%4', 'a=%zz', 'a=%C3', 'a=%C3%28', 'a=%FF', 'a=%C0%80', 'a=%ED%A0%80', '%=1', '%FF=1', 'a=\ufffd', 'a=\ud800', '\udc00=1', 'password=%FF'])('refuses bad encoding: %j', body => { refused(body); });
  it('takes line breaks and tabs where a value may have them, and no other control characters', () => {
    const ofLines = new Set(['text']);
    expect([...parseForm('text=a%0D%0Ab%09c%0A', ofLines)]).toEqual([['text', 'a\r\nb\tc\n']]);
    for (const body of ['text=%00', 'text=%1b', 'text=%0b', 'other=a%0Ab']) expect(() => parseForm(body, ofLines)).toThrow('control characters');
    expect(() => parseForm('te%0Axt=a', ofLines)).toThrow('not a parameter name');
  });
  it.each(['a=%00', 'a=x%0Ay', 'a=%0d', 'a=%1b', 'a=%7F', 'a=\n', '%00=1', 'a%0A=1', 'a%09=1', 'password=%00', 'client_secret=%0a', '=1', '=', '+%0a=1'])('refuses control characters and missing names: %j', body => { refused(body); });
  it('lets people have any character but NUL in a password', () => { expect(form('password=%09a%0Ab%7F')).toEqual([['password', '\ta\nb\x7f']]); });
  it('never repeats a value, and names a parameter in printable ASCII, cut', () => {
    for (const body of ['s=hunter2&s=hunter2', 's=hunter2%', 's=hunter2%00', 's[]=hunter2']) expect(refused(body)).not.toContain('hunter2');
    expect(refused('%22%5C%0A=1')).toBe('??? is not a parameter name; send each parameter once, as name=value');
    expect(refused(`${'n'.repeat(1000)}[]=1`).length).toBeLessThan(150);
  });
  it('S37: refuses more than 100 parameters, ten thousand of them in no time', () => {
    const body = (count: number): string => Array.from({ length: count }, (_, n) => `p${String(n)}=${n % 2 ? 'x' : ''}`).join('&');
    expect(form(body(100))).toHaveLength(50);
    expect(refused(body(101))).toContain('more than 100');
    const began = process.cpuUsage();      // of this process's own: others may be busy; quadratic work would take many seconds
    for (const evil of [body(10_000), '&'.repeat(65_536), '%'.repeat(65_536), '+'.repeat(65_536), `a=${'%41'.repeat(21_000)}`, '='.repeat(65_536), `a=${'ä'.repeat(65_536)}`]) {
      try { parseForm(evil); } catch (error) { expect(error).toMatchObject({ code: 'invalid_request' }); }
    }
    const { user, system } = process.cpuUsage(began);
    expect(user + system).toBeLessThan(1_000_000);
  });
  it('answers any text with a map of texts or invalid_request', () => {
    const piece = fc.constantFrom('a', 'b', '=', '&', '+', '%', '%41', '%C3%A4', '%00', '[', ']', '__proto__', 'ä', '\ud800', '%5B', ' ', 'password');
    fc.assert(fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.array(piece, { maxLength: 12 }).map(pieces => pieces.join(''))), body => {
      try {
        const parsed = parseForm(body);
        expect(parsed).toBeInstanceOf(Map);
        for (const [name, value] of parsed) expect([name, value].every(text => typeof text === 'string' && text !== '' && text.isWellFormed())).toBe(true);
      } catch (error) { expect(error).toMatchObject({ name: 'OAuthError', code: 'invalid_request' }); }
    }), { numRuns: 5000 });
  });
  it('reads back whatever URLSearchParams writes', () => {
    const text = fc.string({ unit: 'grapheme', minLength: 1 });
    const name = text.filter(each => !/[[\]\p{Cc}]|^(?:__proto__|constructor|prototype)$/u.test(each));
    const value = text.filter(each => !/\p{Cc}/u.test(each));
    fc.assert(fc.property(fc.uniqueArray(fc.tuple(name, value), { selector: ([each]) => each, maxLength: 20 }), pairs => {
      expect(form(new URLSearchParams(pairs).toString())).toEqual(pairs);
    }));
  });
});

describe('Basic credentials', () => {
  it('reads client_id and client_secret', () => {
    expect(parseBasic(basic('abc:s3cret'))).toEqual({ id: 'abc', secret: 's3cret' });
    expect(parseBasic(basic('abc:s3cret').replace('Basic ', 'bASIC  '))).toEqual({ id: 'abc', secret: 's3cret' });
    expect(parseBasic(basic('api:'))).toEqual({ id: 'api', secret: '' });
    expect(parseBasic(basic('a:b:c'))).toEqual({ id: 'a', secret: 'b:c' });
  });
  it('S40: decodes both as form', () => {
    expect(parseBasic(basic('a%3Ab:c+d%2Be%25'))).toEqual({ id: 'a:b', secret: 'c d+e%' });
    expect(parseBasic(basic('j%C3%B6rg:%E2%82%AC'))).toEqual({ id: 'jörg', secret: '€' });
    expect(parseBasic(basic('jörg:€'))).toEqual({ id: 'jörg', secret: '€' });
  });
  it('reads back what RFC 6749 §2.3.1 has clients write', () => {
    const text = fc.string({ unit: 'grapheme', minLength: 1 }).filter(each => !/\p{Cc}/u.test(each));
    const encoded = (each: string): string => new URLSearchParams([['', each]]).toString().slice(1);
    fc.assert(fc.property(text, text, (id, secret) => { expect(parseBasic(basic(`${encoded(id)}:${encoded(secret)}`))).toEqual({ id, secret }); }));
  });
  it.each([
    '', 'Basic', 'Basic ', 'Bearer YTpi', 'YTpi', 'Basic YTpi YTpi', 'Basic\tYTpi', ' Basic YTpi', 'Basic YTpi ', 'Basic YTpi\n', 'Basic YTpiYw', 'Basic YTpiYw=', 'Basic YTpiYx==', 'Basic YTp=i', 'Basic YT_i', 'Basic YTpi=', 'Basic ====',
    basic('no colon'), basic(':secret'), basic('a%:b'), basic('a:%zz'), basic('a:%FF'), basic('a:b%00'), basic('a\n:b'), basic('a:b\r\nX: y'), basic(Buffer.from([0x61, 0x3a, 0xff])), basic('%:'),
  ])('refuses %j and repeats none of it', header => {
    expect(refusal('invalid_client', () => parseBasic(header))).toMatch(/^the (?:Authorization header|base64 of the Authorization header) is not /);
  });
  it('answers any header with two texts or invalid_client', () => {
    fc.assert(fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.uint8Array().map(bytes => basic(Buffer.from(bytes)))), header => {
      try { expect(parseBasic(header).id).not.toBe(''); } catch (error) { expect(error).toMatchObject({ name: 'OAuthError', code: 'invalid_client' }); }
    }), { numRuns: 2000 });
  });
  it('is linear on a long header', () => {
    const began = process.cpuUsage();
    for (const header of [`Basic ${' '.repeat(100_000)}`, `Basic ${'A'.repeat(100_000)}`, `Basic ${'='.repeat(100_000)}`, basic(`${'%3A'.repeat(30_000)}:`), 'Basic '.repeat(20_000)]) {
      try { parseBasic(header); } catch (error) { expect(error).toMatchObject({ code: 'invalid_client' }); }
    }
    const { user, system } = process.cpuUsage(began);
    expect(user + system).toBeLessThan(1_000_000);
  });
});
