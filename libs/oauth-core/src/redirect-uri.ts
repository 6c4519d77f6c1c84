import { OAuthError } from './oauth-error';
import { printable } from './printable';

const MAX_REDIRECT_URIS = 20;
const MAX_REDIRECT_URI_LENGTH = 2048;

/** RFC 3986's characters, without `#`: a fragment is refused (RFC 6749 §3.1.2). Backslash, quotes, blanks, controls and everything beyond ASCII are not in it. */
const characters = /^[A-Za-z0-9\-._~:/?[\]@!$&'()*+,;=%]+$/;
const brokenPercent = /%(?![0-9A-Fa-f]{2})/;
const encodedControl = /%(?:[01][0-9a-f]|7f)/i;
/** Encoded dot, slash, backslash or percent: only good for making two parsers disagree on the path. */
const encodedPathTrick = /%(?:2e|2f|5c|25)/i;
const dotSegment = /(?:^|\/)\.{1,2}(?:[/;]|$)/;
const web = /^(https?):\/\/(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9.-]+)(?::([1-9][0-9]{0,4}))?(?=[/?]|$)/;
const privateUse = /^[a-z][a-z0-9-]*(?:\.[a-z0-9][a-z0-9-]*)+:(?=\/)/;
const loopbackHosts = ['127.0.0.1', '[::1]', 'localhost'];
/** What an authorization response says (RFC 6749 §4.1.2, §4.2.2, RFC 9207, OpenID Connect); a registered one would stand beside ours. */
const responseParameters = new Set([
  'code', 'state', 'iss', 'error', 'error_description', 'error_uri', 'access_token', 'token_type', 'expires_in', 'scope', 'refresh_token', 'id_token', 'session_state', 'response',
]);

/**
 * The redirect URIs of a registration: a list, or text separated by spaces (seed 001); none is allowed. Each is kept
 * exactly as given, once. https anywhere; http for loopback; private-use schemes that are a reversed domain name (RFC 8252 §7).
 * @throws OAuthError invalid_request - over 20, or one that is not acceptable; names it and what would do
 */
export function parseRedirectUris(input: unknown): string[] {
  if (input === undefined) return [];
  const given: unknown = typeof input === 'string' ? input.split(' ').filter(uri => uri !== '') : input;
  if (!Array.isArray(given)) throw new OAuthError('invalid_request', 'redirect_uris must be a list of URIs, or one text with spaces between them');
  if (given.length > MAX_REDIRECT_URIS) throw new OAuthError('invalid_request', `redirect_uris has more than ${String(MAX_REDIRECT_URIS)} URIs`);
  const uris = Array.from(given, (uri: unknown) => {
    if (typeof uri !== 'string') throw new OAuthError('invalid_request', 'redirect_uris must hold text only');
    const wrong = whatIsWrong(uri);
    if (wrong !== undefined) throw new OAuthError('invalid_request', `redirect URI ${printable(uri)}: ${wrong}`);
    return uri;
  });
  return [...new Set(uris)];
}

/**
 * Whether a presented redirect URI is this registered one: the same characters. Only the port of a loopback IP literal
 * may differ, and be absent (RFC 8252 §7.3): a native application gets it from its system. `localhost` does not float.
 */
export function redirectUriMatches(registered: string, presented: string): boolean {
  if (presented === registered) return true;
  const [ours, theirs] = [withoutLoopbackPort(registered), withoutLoopbackPort(presented)];
  return ours !== undefined && ours === theirs;
}

function withoutLoopbackPort(uri: string): string | undefined {
  const found = web.exec(uri);
  if (found?.[1] !== 'http' || (found[2] !== '127.0.0.1' && found[2] !== '[::1]') || !isPort(found[3])) return undefined;
  return `http://${found[2]}${uri.slice(found[0].length)}`;
}

/** Length first: what follows runs over the text a fixed number of times. */
function whatIsWrong(uri: string): string | undefined {
  if (uri.length > MAX_REDIRECT_URI_LENGTH) return `it is longer than ${String(MAX_REDIRECT_URI_LENGTH)} characters`;
  if (uri.includes('#')) return 'it must not have a fragment';
  if (!characters.test(uri)) return 'it must be printable ASCII that RFC 3986 allows; write a host of other letters in punycode (xn--), other characters percent-encoded';
  if (brokenPercent.test(uri) || encodedControl.test(uri)) return 'a percent sign must be followed by two hex digits that are not a control character';
  const isWeb = web.exec(uri);
  const isPrivate = privateUse.exec(uri);
  if (isWeb) return wrongHost(isWeb[1] ?? '', isWeb[2] ?? '', isWeb[3]) ?? wrongTail(uri.slice(isWeb[0].length));
  if (isPrivate) return wrongPrivate(uri, uri.slice(isPrivate[0].length));
  if (/^https?:/i.test(uri)) return 'it must be https://host, optionally :port and /path, without user information';
  return 'use https, http for loopback (http://127.0.0.1/), or a scheme that is a reversed domain name of yours (com.example.app:/callback)';
}

function wrongHost(scheme: string, host: string, port: string | undefined): string | undefined {
  if (scheme === 'http' && !loopbackHosts.includes(host)) return 'http is for loopback only (http://127.0.0.1/, http://[::1]/, http://localhost/); use https';
  if (!isPort(port)) return 'its port is not between 1 and 65535';
  if (/^[.-]|[.-]$|\.\./.test(host) || !isCanonical(host)) return 'its host is not one that every browser reads alike; write its name, or its address in the usual form';
  return undefined;
}

/** A browser reads `0x7f.1` as 127.0.0.1: only what it leaves as it is means what it says. */
function isCanonical(host: string): boolean {
  return URL.canParse(`https://${host}/`) && new URL(`https://${host}/`).hostname === host.toLowerCase();
}

/** After `scheme://` a host may stand (com.example.app://callback), and not every text is one. */
function wrongPrivate(uri: string, tail: string): string | undefined {
  if (uri.includes('@')) return 'it must not have user information';
  const wrong = wrongTail(tail);
  if (wrong !== undefined) return wrong;
  return URL.canParse(uri) && new URL(uri).href === uri ? undefined : 'what follows its // is not a host that every system reads alike; write one slash (com.example.app:/callback)';
}

function wrongTail(tail: string): string | undefined {
  const question = tail.indexOf('?');
  const path = question < 0 ? tail : tail.slice(0, question);
  const query = question < 0 ? '' : tail.slice(question + 1);
  if (/[[\]]/.test(tail)) return 'it must not have square brackets after its host';
  if (dotSegment.test(path) || encodedPathTrick.test(path)) return 'its path must not have the segments . and .., nor an encoded dot, slash, backslash or percent sign';
  const taken = query.split(/[&;]/).map(parameterName).find(name => responseParameters.has(name));
  return taken === undefined ? undefined : `its query must not have the parameter ${taken}, which the authorization response uses`;
}

/** As lenient servers read it: decoded, in any case, `code[0]` as `code`. */
function parameterName(parameter: string): string {
  const raw = parameter.split('=', 1)[0] ?? '';
  const name = raw.replaceAll('+', ' ').replace(/%([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)));
  return (name.split('[', 1)[0] ?? '').trim().toLowerCase();
}

const isPort = (port: string | undefined): boolean => port === undefined || Number(port) <= 65_535;
