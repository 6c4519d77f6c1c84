/** The PBX's words for a refusal (seeds 000 to 004), beside the RFCs' own. */
export type PbxStatus = 'access_denied' | 'user_blocked' | 'user_access_type_deny' | 'app_access_type_deny' | 'client_not_found' | 'rate_limit_exceeded';

/** What an API error may say besides its code. `cause` goes to the log only. */
export interface ApiErrorDetails {
  readonly status?: PbxStatus;
  /** The scope that would do (RFC 6750 §3). */
  readonly scope?: string;
  readonly retryAfterSeconds?: number;
  /** Of a 429: how many a window allows. */
  readonly limit?: number;
  readonly cause?: unknown;
}

/**
 * A refusal of a management or resource API: `httpStatus`, an `error` code of RFC 6750 or RFC 6749, and a public description of what was
 * wrong and what would do.
 */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  constructor(readonly httpStatus: number, readonly error: string, readonly description: string, readonly details: ApiErrorDetails = {}) {
    super(description, 'cause' in details ? { cause: details.cause } : undefined);
  }
}

/** 404: there is no such thing, or it is none of the caller's business; the two look alike. */
export const notFound = (what: string): ApiError => new ApiError(404, 'not_found', `there is no such ${what}`);

/** 503: something this request needs does not answer now. */
export const unavailable = (description: string, cause?: unknown): ApiError => new ApiError(503, 'temporarily_unavailable', description, { retryAfterSeconds: 1, cause });
