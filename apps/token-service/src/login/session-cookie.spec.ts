import fc from 'fast-check';
import { html } from '../page/html';
import { formToken, idOfCookie, isFormToken, SessionCookie } from './session-cookie';

const value = 'A'.repeat(43);

describe('the cookie', () => {
  it('S27: over TLS is a __Host- cookie, secure; everywhere out of reach of scripts and of other sites\' forms', () => {
    expect(new SessionCookie('https://auth.example.com').header(value)).toBe(`__Host-strowger=${value}; Path=/; HttpOnly; SameSite=Lax; Secure`);
    expect(new SessionCookie('http://localhost:8080').header(value)).toBe(`strowger=${value}; Path=/; HttpOnly; SameSite=Lax`);
    expect(new SessionCookie('https://auth.example.com').expired()).toContain('Secure; Max-Age=0');
  });
  it('S27: is read once and by its own name only', () => {
    const cookies = new SessionCookie('https://auth.example.com');
    expect(cookies.valueOf(`a=b; __Host-strowger=${value}; c=d`)).toBe(value);
    for (const header of [undefined, '', `strowger=${value}`, `__Host-strowger=${value}; __Host-strowger=${value}`, '__Host-strowger=short', `__Host-strowger="${value}"`, `x__Host-strowger=${value}`]) expect(cookies.valueOf(header)).toBeUndefined();
    expect(cookies.valueOf(`__Host-strowger=${cookies.fresh()}`)).toBeDefined();
  });
  it('is stored as a hash, and new each time', () => {
    const cookies = new SessionCookie('https://auth.example.com');
    expect(idOfCookie(value)).not.toContain(value.slice(0, 20));
    expect(new Set(Array.from({ length: 1000 }, () => cookies.fresh())).size).toBe(1000);
  });
});

describe('a form\'s token', () => {
  it('S22: is the one of this cookie, form, transaction and of what was shown', () => {
    const right = formToken(value, 'consent', 't', 's');
    expect(isFormToken(right, value, 'consent', 't', 's')).toBe(true);
    for (const [presented, cookie, ...about] of [[undefined, value, 'consent', 't', 's'], ['', value, 'consent', 't', 's'], [right, 'B'.repeat(43), 'consent', 't', 's'], [right, value, 'login', 't', 's'], [right, value, 'consent', 's', 't'], [right, value, 'consent', 't'], [right, value, 'consent', 'ts', ''], [`${right}A`, value, 'consent', 't', 's']] as const) {
      expect(isFormToken(presented, cookie, ...about)).toBe(false);
    }
  });
});

describe('markup', () => {
  it('S25: lets no text that is put in be anything but text', () => {
    fc.assert(fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.array(fc.constantFrom('<', '>', '"', '\'', '&', 'script', '\u202e', '\u2066', '\u0000', 'x')).map(parts => parts.join(''))), text => {
      const { markup } = html`<p title="${text}">${text}</p>`, inner = markup.slice(3, -4);
      expect(markup.startsWith('<p title="') && markup.endsWith('</p>')).toBe(true);
      expect(inner.replace(/^title="[^"<>]*">/, '')).not.toMatch(/[<>"'\u0000-\u001f\u200e\u200f\u202a-\u202e\u2066-\u2069]/);
      expect(inner).toMatch(/^\u0020?title="[^"<>]*">[^<>"]*$/);
    }));
  });
  it('puts markup in as it is, lists one after another, and nothing for what is not there', () => {
    expect(html`<ul>${['a', '<'].map(one => html`<li>${one}</li>`)}${undefined}</ul>`.markup).toBe('<ul><li>a</li><li>&lt;</li></ul>');
  });
});
