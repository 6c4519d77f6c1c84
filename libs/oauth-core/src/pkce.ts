import { createHash, timingSafeEqual } from 'node:crypto';
import { OAuthError } from './oauth-error';

/** A SHA-256 in base64url; the last character has two spare bits, which must be zero. */
const challengeSyntax = /^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$/;
const verifierSyntax = /^[A-Za-z0-9._~-]{43,128}$/;

/**
 * The `code_challenge` of an authorization request (RFC 7636, method S256 only), undefined where there is none.
 * `required`: the client has nothing else to prove that the code is its own.
 * @throws OAuthError invalid_request - missing where it is required, another method than S256, or not 43 characters of base64url
 */
export function codeChallengeOf(params: ReadonlyMap<string, string>, required: boolean): string | undefined {
  const challenge = params.get('code_challenge'), method = params.get('code_challenge_method');
  if (challenge === undefined) {
    if (required) throw new OAuthError('invalid_request', 'code_challenge is missing; this application type proves itself with PKCE, code_challenge_method S256');
    if (method !== undefined) throw new OAuthError('invalid_request', 'code_challenge_method is there without a code_challenge');
    return undefined;
  }
  if (method !== 'S256') throw new OAuthError('invalid_request', 'code_challenge_method must be S256');
  if (!challengeSyntax.test(challenge)) throw new OAuthError('invalid_request', 'code_challenge must be the 43 characters of a SHA-256 in base64url');
  return challenge;
}

/** Whether a `code_verifier` is the challenge's. Without a challenge only no verifier is right: a verifier then means that somebody took the challenge away (RFC 9700 §2.1.1). */
export function verifierMatches(challenge: string | undefined, verifier: string | undefined): boolean {
  if (challenge === undefined || verifier === undefined) return challenge === verifier;
  if (!verifierSyntax.test(verifier)) return false;
  return timingSafeEqual(createHash('sha256').update(verifier).digest(), Buffer.from(challenge, 'base64url'));
}
