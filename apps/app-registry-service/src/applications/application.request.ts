import { z } from 'zod';
import { hasSecret, applicationTypeOf, mayBePublicClient } from '@strowger/oauth-core/application-rules';
import { accessLevels, AccessLevel, ApplicationType, TokenFormat } from '@strowger/oauth-core/facts';
import { OAuthError } from '@strowger/oauth-core/oauth-error';
import { parseRedirectUris } from '@strowger/oauth-core/redirect-uri';
import { flag, line, lines, wholeNumber } from '../request-fields';

const DAY_SECONDS = 86_400;
const MAX_OVERLAP_SECONDS = 30 * DAY_SECONDS;
/** uCom4B's name of a native application that may use the password grant (seed 001). */
const PASSWORD_CREDENTIALS = 'password_credentials';

/** Shown as a link, never fetched. */
const website = z.string().max(2048).refine(text => /^https?:\/\/[^\s"<>\\^`{|}]+$/.test(text) && URL.canParse(text), 'an http or https URL');
const redirectUris = z.union([z.string(), z.array(z.string())], { error: 'a list of URIs, or one text with spaces between them' });
const name = line(100);
const scope = z.string();
const description = lines(1000);
const optional = {
  redirect_uris: redirectUris.exactOptional(),
  access_level: z.enum(accessLevels).exactOptional(),
  password_grant: flag.exactOptional(),
  token_format: z.enum(['jwt', 'opaque']).exactOptional(),
};

const Body = z.strictObject({
  ...optional, name, scope, type: z.string(), description: description.exactOptional(), website: website.exactOptional(),
  /** RFC 7591 §2; `none` makes a native application without a secret. */
  token_endpoint_auth_method: z.enum(['none', 'client_secret_basic', 'client_secret_post']).exactOptional(),
});
const ChangeBody = z.strictObject({
  ...optional, name: name.exactOptional(), scope: scope.exactOptional(), description: description.nullable().exactOptional(), website: website.nullable().exactOptional(),
});
const RotateBody = z.strictObject({ overlap_seconds: wholeNumber(0, MAX_OVERLAP_SECONDS).default(DAY_SECONDS) });
const LevelRequestBody = z.strictObject({ reason: lines(256).refine(text => text.trim() !== '', 'must not be blank') });

/** What somebody asks to be registered; the scope is still to be judged against the catalogue. */
export interface Registration {
  readonly name: string;
  readonly type: ApplicationType;
  readonly scope: string;
  readonly redirect_uris: string[];
  readonly description?: string;
  readonly website?: string;
  readonly access_level: AccessLevel;
  readonly password_grant: boolean;
  readonly token_format: TokenFormat;
  readonly secret: boolean;
}

/**
 * Parses the body of a registration. `type` may be a uCom4B name (seed 001): `password_credentials` is a native
 * application with the password grant.
 * @throws ZodError, OAuthError invalid_request - naming the field
 */
export function registrationOf(body: unknown): Registration {
  const { type: typed, redirect_uris, access_level = 'call_api', password_grant, token_format = 'jwt', token_endpoint_auth_method: method, ...rest } = Body.parse(body);
  const type = applicationTypeOf(typed);
  const passwordGrant = password_grant ?? typed === PASSWORD_CREDENTIALS;
  if (typed === PASSWORD_CREDENTIALS && !passwordGrant) throw new OAuthError('invalid_request', `type ${PASSWORD_CREDENTIALS} means password_grant true; for a native application without it say type native`);
  assertPasswordGrant(type, passwordGrant);
  if (method === 'none' && !mayBePublicClient(type)) throw new OAuthError('invalid_request', `token_endpoint_auth_method none: an application of type ${type} always has a secret`);
  if (method !== undefined && method !== 'none' && !hasSecret(type)) throw new OAuthError('invalid_request', `token_endpoint_auth_method ${method}: an application of type ${type} has no secret`);
  return {
    ...rest, type, access_level, token_format, password_grant: passwordGrant, redirect_uris: parseRedirectUris(redirect_uris), secret: hasSecret(type) && method !== 'none',
  };
}

/** What an application is asked to become; `null` takes a field away, what is absent stays. */
export interface ApplicationChange {
  readonly name?: string;
  readonly scope?: string;
  readonly redirect_uris?: string[];
  readonly description?: string | null;
  readonly website?: string | null;
  readonly access_level?: AccessLevel;
  readonly password_grant?: boolean;
  readonly token_format?: TokenFormat;
}

/** @throws ZodError, OAuthError invalid_request - naming the field */
export function applicationChangeOf(body: unknown): ApplicationChange {
  const { redirect_uris, ...rest } = ChangeBody.parse(body);
  return { ...rest, ...(redirect_uris !== undefined && { redirect_uris: parseRedirectUris(redirect_uris) }) };
}

/** Seconds for which the older secrets still work; 0 ends them at once. */
export const overlapOf = (body: unknown): number => RotateBody.parse(body).overlap_seconds;
export const reasonOf = (body: unknown): string => LevelRequestBody.parse(body).reason.trim();

/** @throws OAuthError invalid_request - only a native application may have the password grant */
export function assertPasswordGrant(type: ApplicationType, passwordGrant: boolean): void {
  if (passwordGrant && type !== 'native') throw new OAuthError('invalid_request', `password_grant: only an application of type native may have it, this one is of type ${type}`);
}
