import { allowedGrants, applicationTypeOf, DEVICE_CODE, hasSecret, mayBePublicClient, mayUseGrant, mayUseImplicit, TOKEN_EXCHANGE } from './application-rules';
import { applicationTypes } from './facts';

const now = new Date('2026-06-01T12:00:00Z');
const on = { password_grant: true };
const application = (type: (typeof applicationTypes)[number], password_grant = false, id = 'a1') => ({ id, type, password_grant });
const api = application('native', false, 'api');
const grants = ['authorization_code', 'client_credentials', 'password', 'refresh_token', DEVICE_CODE, TOKEN_EXCHANGE];
const usable = (...[app, tenant]: [Parameters<typeof mayUseGrant>[0], Parameters<typeof mayUseGrant>[1]]): string[] => grants.filter(each => mayUseGrant(app, tenant, each, now).allowed);
function why(...call: Parameters<typeof mayUseGrant>): string {
  const verdict = mayUseGrant(...call);
  if (verdict.allowed) throw new Error('not refused');
  return verdict.description;
}

describe('application types', () => {
  it.each([
    ['web_server', 'web_server'], ['browser', 'browser'], ['native', 'native'], ['machine_to_machine', 'machine_to_machine'],
    ['public', 'web_server'], ['trusted', 'machine_to_machine'], ['password_credentials', 'native'],
  ])('%s is %s', (text, type) => { expect(applicationTypeOf(text)).toBe(type); });
  it.each(['', 'Public', 'spa', '__proto__', 'constructor', 'native '])('refuses %j and names those there are', text => {
    expect(() => applicationTypeOf(text)).toThrow(/is none of web_server, browser, native, machine_to_machine \(or public, trusted, password_credentials\)/);
  });
  it('have a secret, may be without, or never have one', () => {
    expect(applicationTypes.map(type => [type, hasSecret(type), mayBePublicClient(type)])).toEqual([
      ['web_server', true, false], ['browser', false, true], ['native', true, true], ['machine_to_machine', true, false],
    ]);
  });
});

describe('grants of an application', () => {
  it.each([
    ['web_server', ['authorization_code', 'refresh_token', TOKEN_EXCHANGE]], ['browser', ['authorization_code', 'refresh_token']],
    ['native', ['authorization_code', DEVICE_CODE, 'refresh_token', TOKEN_EXCHANGE]], ['machine_to_machine', ['client_credentials', TOKEN_EXCHANGE]],
  ] as const)('S38: %s uses its own and no others', (type, own) => {
    expect(allowedGrants(application(type))).toEqual(own);
    expect(usable(application(type), on)).toEqual(grants.filter(each => own.some(grant => grant === each)));
  });
  it.each(['web_server', 'browser', 'machine_to_machine'] as const)('S54: a password grant allowed to %s changes nothing', type => {
    expect(allowedGrants(application(type, true))).not.toContain('password');
    expect(why(application(type, true), on, 'password', now)).toBe(`an application of type ${type} may not use the grant password; use authorization_code with PKCE, or client_credentials with an application of type machine_to_machine`);
  });
  it.each([
    [true, on, true], [false, on, false], [true, { password_grant: false }, false], [false, { password_grant: false }, false], [true, undefined, false],
    [true, { ...on, password_grant_until: new Date(now.getTime() + 1) }, true], [true, { ...on, password_grant_until: now }, false],
    [true, { ...on, password_grant_until: new Date(now.getTime() - 1) }, false], [true, { password_grant: false, password_grant_until: new Date(now.getTime() + 1) }, false],
  ])('S54: native, allowed %j, in tenant %j, uses the password grant: %j', (own, tenant, expected) => {
    expect(mayUseGrant(application('native', own), tenant, 'password', now).allowed).toBe(expected);
  });
  it('the reserved application api uses password, refresh_token and token exchange; its account\'s tenant decides later', () => {
    expect(usable(api, undefined)).toEqual(['password', 'refresh_token', TOKEN_EXCHANGE]);
    expect(usable(api, { password_grant: false })).toEqual(['password', 'refresh_token', TOKEN_EXCHANGE]);
    expect(allowedGrants(api)).toEqual(['password', 'refresh_token', TOKEN_EXCHANGE]);
    expect(why(api, undefined, 'client_credentials', now)).toContain('the application api may use password, refresh_token and token exchange only');
  });
  it('an unknown grant is refused by name, in printable ASCII', () => {
    expect(why(application('native'), on, '"\n__proto__', now)).toBe('an application of type native may not use the grant ??__proto__');
  });
});

describe('a refusal points to what would do', () => {
  it.each([
    [application('web_server'), 'client_credentials', 'register an application of type machine_to_machine'],
    [application('machine_to_machine'), 'authorization_code', 'register an application of type web_server, browser or native'],
    [application('machine_to_machine'), 'refresh_token', 'request a new token with client_credentials'],
    [application('browser'), DEVICE_CODE, 'register an application of type native'],
    [application('browser'), TOKEN_EXCHANGE, 'register an application of type web_server, native or machine_to_machine'],
    [application('native'), 'password', 'an administrator has not allowed this application the password grant; use authorization_code with PKCE'],
  ])('%j with %s: %s', (app, grant, text) => { expect(why(app, on, grant, now)).toContain(text); });
  it('says who turned the password grant off', () => {
    expect(why(application('native', true), { password_grant: false }, 'password', now)).toContain('off in this tenant, an administrator can turn it on');
    expect(why(application('native', true), { ...on, password_grant_until: now }, 'password', now)).toContain('has ended in this tenant');
  });
});

test('S9: the implicit grant is for browser-based applications, where their tenant allows it, until the day it ends', () => {
  const at = (type: (typeof applicationTypes)[number], implicit_grant: boolean, until?: string): boolean => mayUseImplicit({ type }, { implicit_grant, ...(until !== undefined && { implicit_grant_until: new Date(until) }) }, now).allowed;
  expect(applicationTypes.filter(type => at(type, true))).toEqual(['browser']);
  expect([at('browser', false), at('browser', true, '2026-06-01T12:00:00.001Z'), at('browser', true, '2026-06-01T12:00:00Z')]).toEqual([false, true, false]);
});
