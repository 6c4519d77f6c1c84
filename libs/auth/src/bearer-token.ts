import { ApiError } from './api-error';

/** RFC 6750 §2.1 b64token. */
const BEARER = /^bearer +([A-Za-z0-9._~+/-]+=*)$/i;
/** All that Node's HTTP server takes as header lines: a token of many scopes and switchboards is long. */
const LONGEST = 16_384;

/** A request as far as its token is concerned; `raw` is Node's own. */
export interface BearingRequest {
  readonly headers: { readonly authorization?: string | undefined };
  readonly query: unknown;
  readonly body: unknown;
  readonly raw: { readonly rawHeaders: readonly string[] };
}

/**
 * The access token of a request, from its Authorization header and from nowhere else: a URL ends up in logs and histories.
 * @throws ApiError invalid_request - 401 for no token; 400 for one in the query, in the body, or twice (RFC 6750 §3.1)
 * @throws ApiError invalid_token - not a text that could be a token
 */
export function bearerToken(request: BearingRequest): string {
  if (has(request.query, 'access_token') || has(request.body, 'access_token')) {
    throw new ApiError(400, 'invalid_request', 'the access token belongs in the Authorization header, and nowhere else');
  }
  if (request.raw.rawHeaders.filter((name, index) => index % 2 === 0 && name.toLowerCase() === 'authorization').length > 1) {
    throw new ApiError(400, 'invalid_request', 'the Authorization header was sent more than once');
  }
  const { authorization } = request.headers;
  // Another scheme counts as no token: whoever sends it does not know what is wanted here.
  if (authorization === undefined || !/^bearer( |$)/i.test(authorization)) throw new ApiError(401, 'invalid_request', 'an access token is needed: Authorization: Bearer ...');
  const token = authorization.length > LONGEST ? undefined : BEARER.exec(authorization)?.[1];
  if (token === undefined) throw inactiveToken();
  return token;
}

/** RFC 6750 §3.1: expired, revoked, forged or never issued look all the same. */
export const inactiveToken = (): ApiError => new ApiError(401, 'invalid_token', 'the access token is not active');

const has = (holder: unknown, name: string): boolean => typeof holder === 'object' && holder !== null && Object.hasOwn(holder, name);
