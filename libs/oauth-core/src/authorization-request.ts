import { ApplicationFacts } from './facts';
import { parseForm } from './form';
import { OAuthError } from './oauth-error';
import { redirectUriMatches } from './redirect-uri';

/** Most bytes of a `state`: it comes back in a URL, and servers take 16 KiB of header lines. */
const MAX_STATE_BYTES = 4096;
export const MAX_LOGIN_HINT = 256;
const prompts = ['none', 'login', 'consent'] as const;
/** OpenID Connect Core §3.1.2.1, as far as OAuth has a use for it. */
export type Prompt = (typeof prompts)[number];

/** The parameters of an authorization request. `wrong`: they break the form's rules; then only what says where to answer is there. */
export interface AuthorizationParameters { readonly params: ReadonlyMap<string, string>; readonly wrong?: OAuthError }

/** What an authorization request may say; all else is ignored (RFC 6749 §3.1). */
const requestParameters = ['response_type', 'client_id', 'redirect_uri', 'scope', 'state', 'response_mode', 'prompt', 'login_hint', 'code_challenge', 'code_challenge_method'];
/** Longer, with a header or two, is more than servers take in a request line. */
const MAX_QUERY = 12_000;

/**
 * The query of a request that came as a form, for a browser that is to come again with GET.
 * @throws OAuthError invalid_request - too long for an address
 */
export function queryOfForm(form: ReadonlyMap<string, string>): string {
  const query = new URLSearchParams(requestParameters.flatMap(name => { const value = form.get(name); return value === undefined ? [] : [[name, value]]; })).toString();
  if (query.length > MAX_QUERY) throw new OAuthError('invalid_request', 'this request is too long; its state or its scope can be shorter');
  return query;
}

/** Where an authorization answer goes. `redirect_uri_named`: the request said it, so the token request must repeat it. */
export interface ReturnAddress { readonly redirect_uri: string; readonly redirect_uri_named: boolean; readonly state?: string }

/** What an authorization request asks for, validated; scope is what the application may be granted at most. */
export interface AuthorizationRequest extends ReturnAddress {
  readonly response_type: string;
  readonly scope: string;
  readonly code_challenge?: string;
  readonly prompt: readonly Prompt[];
  readonly login_hint?: string;
}

/**
 * The parameters of a query string. One that breaks the form's rules is remembered, to be answered where the client looks
 * for it; never one of those that say where that is.
 * @throws OAuthError invalid_request - client_id or redirect_uri stands there twice (RFC 6749 §3.1)
 */
export function authorizationParameters(query: string): AuthorizationParameters {
  try {
    return { params: parseForm(query) };
  } catch (error) {
    if (!(error instanceof OAuthError)) throw error;
    const sent = new URLSearchParams(query);
    for (const name of ['client_id', 'redirect_uri']) {
      if (sent.getAll(name).length > 1) throw new OAuthError('invalid_request', `the parameter ${name} was sent more than once`);
    }
    const kept = ['client_id', 'redirect_uri', 'state'].flatMap(name => { const [value, ...more] = sent.getAll(name); return value === undefined || value === '' || more.length > 0 ? [] : [[name, value] as const]; });
    return { params: new Map(kept), wrong: error };
  }
}

/**
 * Where the answer to a request may go: the registered redirect URI that it names, or the only one there is. Nothing is
 * ever sent anywhere else, so what this refuses is told to the person, on a page.
 * @throws OAuthError invalid_request - not registered, or not named where there are several, or none; or the state is too long to come back
 */
export function returnAddress(application: Pick<ApplicationFacts, 'redirect_uris'>, params: ReadonlyMap<string, string>): ReturnAddress {
  const presented = params.get('redirect_uri'), [first, ...more] = application.redirect_uris, state = params.get('state');
  if (first === undefined) throw new OAuthError('invalid_request', 'this application has no redirect URI; its owner registers one (redirect_uris), then it can ask people for access');
  if (presented === undefined && more.length > 0) throw new OAuthError('invalid_request', 'redirect_uri is missing, and this application has several registered');
  if (presented !== undefined && !application.redirect_uris.some(uri => redirectUriMatches(uri, presented))) {
    throw new OAuthError('invalid_request', 'redirect_uri is not registered for this application; it must be one of the registered ones to the letter');
  }
  if (state !== undefined && Buffer.byteLength(state) > MAX_STATE_BYTES) throw new OAuthError('invalid_request', `state is longer than ${String(MAX_STATE_BYTES)} bytes`);
  return { redirect_uri: presented ?? first, redirect_uri_named: presented !== undefined, ...(state !== undefined && { state }) };
}

/**
 * The values of `prompt`.
 * @throws OAuthError invalid_request - an unknown one, or `none` beside another
 */
export function promptOf(params: ReadonlyMap<string, string>): readonly Prompt[] {
  const words = [...new Set((params.get('prompt') ?? '').split(' ').filter(word => word !== ''))];
  const known = words.flatMap(word => prompts.find(prompt => prompt === word) ?? []);
  if (known.length < words.length) throw new OAuthError('invalid_request', `prompt takes ${prompts.join(', ')}`);
  if (known.includes('none') && known.length > 1) throw new OAuthError('invalid_request', 'prompt=none stands alone');
  return known;
}

/** Answers that hold a token, and errors instead of them, stand in the fragment, which no server sees (RFC 6749 §4.2.2). */
export const TOKEN = 'token';

/** The answer's address: the redirect URI with these parameters in its query (RFC 6749 §4.1.2), its own kept; in its fragment where a token was asked for. */
export function answerUri({ redirect_uri, state, response_type }: ReturnAddress & { readonly response_type?: string | undefined }, issuer: string, answer: Readonly<Record<string, string>>): string {
  const parameters = new URLSearchParams({ ...answer, ...(state !== undefined && { state }), iss: issuer });
  if (response_type === TOKEN) return `${redirect_uri}#${parameters.toString()}`;
  return `${redirect_uri}${redirect_uri.includes('?') ? (/[?&]$/.test(redirect_uri) ? '' : '&') : '?'}${parameters.toString()}`;
}
