import { OAuthError } from './oauth-error';
import { printable } from './printable';

const MAX_PARAMETERS = 100;

/** People may use any character in a password but NUL; nothing else has a reason to hold control characters. */
const freeText = new Set(['password', 'current_password']);
const forbiddenNames = new Set(['__proto__', 'constructor', 'prototype']);
const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const control = /[\u0000-\u001f\u007f]/;
const controlButLines = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]/;
const nothing: ReadonlySet<string> = new Set();

/**
 * The parameters of an `application/x-www-form-urlencoded` body, strictly: a name once, no objects or lists in names.
 * A parameter without a value counts as absent (RFC 6749 §3.1).
 * @throws OAuthError invalid_request - over 100 parameters, one sent twice (even without a value), `a[b]`, `__proto__`
 *   and the like as a name, no name, bad UTF-8 or percent-encoding, control characters; names the parameter, never its value
 * `ofLines`: parameters whose value may have line breaks and tabs.
 */
export function parseForm(body: string, ofLines: ReadonlySet<string> = nothing): ReadonlyMap<string, string> {
  if (body.includes('\ufffd') || !body.isWellFormed()) throw new OAuthError('invalid_request', 'the body is not UTF-8');
  const parameters = new Map<string, string>();
  const empty: string[] = [];
  for (let from = 0, to = 0; from < body.length; from = to + 1) {
    to = endOf(body, from);
    if (to === from) continue;
    const pair = body.slice(from, to);
    const equals = pair.indexOf('=');
    const name = parameterName(equals < 0 ? pair : pair.slice(0, equals));
    if (parameters.has(name)) throw new OAuthError('invalid_request', `the parameter ${printable(name)} was sent more than once`);
    if (parameters.size === MAX_PARAMETERS) throw new OAuthError('invalid_request', `more than ${String(MAX_PARAMETERS)} parameters`);
    const value = equals < 0 ? '' : parameterValue(name, pair.slice(equals + 1), ofLines);
    parameters.set(name, value);
    if (value === '') empty.push(name);
  }
  for (const name of empty) parameters.delete(name);
  return parameters;
}

/**
 * Client credentials of an `Authorization: Basic` header (RFC 7617), each form-decoded after the split as RFC 6749
 * §2.3.1 asks. The secret may be empty, the id may not.
 * @throws OAuthError invalid_client - another scheme, base64 that does not re-encode to itself, bad UTF-8 or percent-encoding
 */
export function parseBasic(header: string): { readonly id: string; readonly secret: string } {
  const encoded = /^basic +([A-Za-z0-9+/]+={0,2})$/i.exec(header)?.[1];
  if (encoded === undefined) throw new OAuthError('invalid_client', 'the Authorization header is not Basic with base64');
  const bytes = Buffer.from(encoded, 'base64');
  if (bytes.toString('base64') !== encoded) throw new OAuthError('invalid_client', 'the base64 of the Authorization header is not in its one right form');
  const text = utf8(bytes);
  const colon = text?.indexOf(':') ?? -1;
  const id = text === undefined || colon < 0 ? undefined : decoded(text.slice(0, colon));
  const secret = text === undefined || colon < 0 ? undefined : decoded(text.slice(colon + 1));
  if (id === undefined || id === '' || secret === undefined || control.test(id) || control.test(secret)) {
    throw new OAuthError('invalid_client', 'the Authorization header is not client_id:client_secret, each form-encoded in UTF-8, in base64');
  }
  return { id, secret };
}

function endOf(body: string, from: number): number {
  const end = body.indexOf('&', from);
  return end < 0 ? body.length : end;
}

function parameterName(raw: string): string {
  const name = decoded(raw);
  if (name === undefined) throw new OAuthError('invalid_request', `the parameter name ${printable(raw)} is not percent-encoded UTF-8`);
  if (name === '') throw new OAuthError('invalid_request', 'a parameter has no name');
  if (name.includes('[') || name.includes(']') || forbiddenNames.has(name) || control.test(name)) {
    throw new OAuthError('invalid_request', `${printable(name)} is not a parameter name; send each parameter once, as name=value`);
  }
  return name;
}

function parameterValue(name: string, raw: string, ofLines: ReadonlySet<string>): string {
  const value = decoded(raw);
  if (value === undefined) throw new OAuthError('invalid_request', `the value of ${printable(name)} is not percent-encoded UTF-8`);
  if (freeText.has(name) ? value.includes('\0') : (ofLines.has(name) ? controlButLines : control).test(value)) throw new OAuthError('invalid_request', `the value of ${printable(name)} has control characters`);
  return value;
}

/** Form-decoded text; undefined where a percent sign is not followed by two hex digits, or the bytes are not UTF-8. */
function decoded(raw: string): string | undefined {
  const spaced = raw.includes('+') ? raw.replaceAll('+', ' ') : raw;
  if (!spaced.includes('%')) return spaced;
  try { return decodeURIComponent(spaced); } catch { return undefined; }
}

function utf8(bytes: Buffer): string | undefined {
  try { return UTF8.decode(bytes); } catch { return undefined; }
}
