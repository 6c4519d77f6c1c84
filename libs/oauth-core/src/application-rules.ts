import { ApplicationFacts, ApplicationType, applicationTypes, RESERVED_APPLICATION, TenantFacts } from './facts';
import { OAuthError } from './oauth-error';
import { printable } from './printable';

export const DEVICE_CODE = 'urn:ietf:params:oauth:grant-type:device_code';
/** RFC 8693 §2.1. */
export const TOKEN_EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange';

/** What each type is for: how its client authenticates and the grants it may ever use (password: where allowed besides). */
const rules: Record<ApplicationType, { readonly secret: 'always' | 'either' | 'never'; readonly grants: readonly string[] }> = {
  web_server: { secret: 'always', grants: ['authorization_code', 'refresh_token', TOKEN_EXCHANGE] },
  browser: { secret: 'never', grants: ['authorization_code', 'refresh_token'] },
  native: { secret: 'either', grants: ['authorization_code', DEVICE_CODE, 'refresh_token', TOKEN_EXCHANGE] },
  machine_to_machine: { secret: 'always', grants: ['client_credentials', TOKEN_EXCHANGE] },
};
const synonyms: ReadonlyMap<string, ApplicationType> = new Map([['public', 'web_server'], ['trusted', 'machine_to_machine'], ['password_credentials', 'native']]);

/** Where to go instead, for a grant that an application may not use. */
const replacements: ReadonlyMap<string, string> = new Map([
  ['authorization_code', 'register an application of type web_server, browser or native'],
  ['client_credentials', 'register an application of type machine_to_machine'],
  [DEVICE_CODE, 'register an application of type native'],
  ['password', 'use authorization_code with PKCE, or client_credentials with an application of type machine_to_machine'],
  ['refresh_token', 'request a new token with client_credentials, which needs no refresh token'],
  [TOKEN_EXCHANGE, 'register an application of type web_server, native or machine_to_machine'],
]);

/**
 * The application type of a text: one of ours, or a uCom4B name (seed 001: `public`, `trusted`, `password_credentials`).
 * @throws OAuthError invalid_request - no such type; names those there are
 */
export function applicationTypeOf(text: string): ApplicationType {
  const type = applicationTypes.find(each => each === text) ?? synonyms.get(text);
  if (type === undefined) throw new OAuthError('invalid_request', `type is none of ${applicationTypes.join(', ')} (or ${[...synonyms.keys()].join(', ')})`);
  return type;
}

/** Whether an application of this type can have a client secret. */
export const hasSecret = (type: ApplicationType): boolean => rules[type].secret !== 'never';

/** Whether an application of this type may be without one. One that has a secret presents it all the same (RFC 6749 §3.2.1). */
export const mayBePublicClient = (type: ApplicationType): boolean => rules[type].secret !== 'always';

/** The `grant_type`s that an application may use at the token endpoint; `password` besides needs its tenant's leave, see `mayUseGrant`. */
export function allowedGrants(application: Pick<ApplicationFacts, 'id' | 'type' | 'password_grant'>): readonly string[] {
  if (application.id === RESERVED_APPLICATION) return ['password', 'refresh_token', TOKEN_EXCHANGE];
  const { grants } = rules[application.type];
  return application.type === 'native' && application.password_grant ? [...grants, 'password'] : grants;
}

/**
 * Whether an application may use a grant type now; if not, `description` is public and points to what would do. The
 * password grant (RFC 9700 §2.4 forbids it; off by default) needs the application's leave and its tenant's, until the
 * tenant's `password_grant_until`. For the reserved application `api` (seed 003) this passes password and refresh_token
 * without a tenant: the account's tenant decides, after the password.
 */
export function mayUseGrant(
  application: Pick<ApplicationFacts, 'id' | 'type' | 'password_grant'>, tenant: Pick<TenantFacts, 'password_grant' | 'password_grant_until'> | undefined, grantType: string, now: Date,
): { readonly allowed: true } | { readonly allowed: false; readonly description: string } {
  const refused = (why: string): { readonly allowed: false; readonly description: string } => {
    const instead = replacements.get(grantType);
    return { allowed: false, description: instead === undefined ? why : `${why}; ${instead}` };
  };
  if (!allowedGrants(application).includes(grantType)) return refused(whyNot(application, grantType));
  if (grantType !== 'password' || application.id === RESERVED_APPLICATION) return { allowed: true };
  if (tenant?.password_grant !== true) return refused('the password grant is off in this tenant, an administrator can turn it on');
  if (tenant.password_grant_until && now >= tenant.password_grant_until) return refused('the password grant has ended in this tenant');
  return { allowed: true };
}

/**
 * Whether an application may be answered with a token right from the authorization endpoint now (RFC 6749 §4.2; RFC 9700 §2.1.2 advises
 * against it, off by default): a browser-based application, where its tenant allows it, until the tenant's `implicit_grant_until`.
 */
export function mayUseImplicit(
  application: Pick<ApplicationFacts, 'type'>, tenant: Pick<TenantFacts, 'implicit_grant' | 'implicit_grant_until'>, now: Date,
): { readonly allowed: true } | { readonly allowed: false; readonly description: string } {
  const refused = (why: string): { readonly allowed: false; readonly description: string } => ({ allowed: false, description: `${why}; use response_type=code with PKCE` });
  if (application.type !== 'browser') return refused(`an application of type ${application.type} may not use the implicit grant`);
  if (!tenant.implicit_grant) return refused('the implicit grant is off in this tenant, an administrator can turn it on');
  if (tenant.implicit_grant_until && now >= tenant.implicit_grant_until) return refused('the implicit grant has ended in this tenant');
  return { allowed: true };
}

function whyNot(application: Pick<ApplicationFacts, 'id' | 'type'>, grantType: string): string {
  if (application.id === RESERVED_APPLICATION) return 'the application api may use password, refresh_token and token exchange only';
  if (grantType === 'password' && application.type === 'native') return 'an administrator has not allowed this application the password grant';
  return `an application of type ${application.type} may not use the grant ${printable(grantType)}`;
}
