/** Every error the authorization server answers with: code, HTTP status (RFC 6749 §5.2, RFC 6750 §3.1). */
const oauthErrors = {
  invalid_request: 400,
  invalid_client: 401,
  invalid_grant: 400,
  unauthorized_client: 400,
  unsupported_grant_type: 400,
  invalid_scope: 400,
  unsupported_response_type: 400,
  /** RFC 8693 §2.2.2; also for a name that a token exchange may not go to. */
  invalid_target: 400,
  /** OpenID Connect Core §3.1.2.6: `prompt=none`, and nobody is logged in, or must be asked. */
  login_required: 400,
  consent_required: 400,
  /** RFC 8628 §3.5: a device asks again. `authorization_denied` reads access_denied on the wire, with the status that the token endpoint needs. */
  authorization_pending: 400,
  slow_down: 400,
  expired_token: 400,
  authorization_denied: 400,
  /** No token was sent: RFC 6750 §3.1 wants no error code then, so the wire says invalid_request. */
  token_missing: 401,
  invalid_token: 401,
  access_denied: 403,
  request_too_large: 413,
  method_not_allowed: 405,
  not_found: 404,
  rate_limit_exceeded: 429,
  server_error: 500,
  temporarily_unavailable: 503,
} as const;
export type OAuthErrorCode = keyof typeof oauthErrors;
const wireCodes: Partial<Readonly<Record<OAuthErrorCode, string>>> = { token_missing: 'invalid_request', authorization_denied: 'access_denied' };

/**
 * A refusal that the client is told. `description` is public: what was wrong and what would do, in printable ASCII
 * (RFC 6749 §5.2); `cause` goes to the log only.
 */
export class OAuthError extends Error {
  override readonly name = 'OAuthError';
  /** Seconds after which the client may try again; sent as `Retry-After`. */
  readonly retryAfterSeconds?: number;
  /** Of `rate_limit_exceeded`: how many a window allows; sent as `X-RateLimit-Limit`. */
  readonly limit?: number;

  constructor(readonly code: OAuthErrorCode, readonly description: string, options: { cause?: unknown; retryAfterSeconds?: number; limit?: number } = {}) {
    super(description, 'cause' in options ? { cause: options.cause } : undefined);
    if (options.retryAfterSeconds !== undefined) this.retryAfterSeconds = options.retryAfterSeconds;
    if (options.limit !== undefined) this.limit = options.limit;
  }
  get status(): number { return oauthErrors[this.code]; }
  /** The code as the client reads it. */
  get wireCode(): string { return wireCodes[this.code] ?? this.code; }
}
