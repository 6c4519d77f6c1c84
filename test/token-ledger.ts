import { createHash } from 'node:crypto';

/** Everything a client was answered, and what went wrong instead, as the client saw it. */
export class TokenLedger {
  /** Ids of the answered access tokens. */
  readonly answered = new Set<string>();
  /** Per grant: the answered refresh tokens by generation. A second text of one generation would be a second child. */
  readonly refreshTokens = new Map<string, Map<number, Set<string>>>();
  /** Grants whose latest answered refresh token was refused. */
  readonly endedGrants = new Set<string>();
  /** Answers with another status than 200, by status. */
  readonly refusals = new Map<number, number>();
  unanswered = 0;
  private latest: string[] = [];

  get refused(): number { return [...this.refusals.values()].reduce((sum, count) => sum + count, 0); }

  /** Notes an answer of the token endpoint. */
  token(accessToken: string, refreshToken?: string): void {
    const id = idOf(accessToken);
    this.answered.add(id);
    this.latest.push(id);
    if (this.latest.length > 200) this.latest = this.latest.slice(-100);
    if (refreshToken === undefined) return;
    const { grantId, generation } = partsOf(refreshToken);
    const generations = this.refreshTokens.get(grantId) ?? new Map<number, Set<string>>();
    generations.set(generation, (generations.get(generation) ?? new Set<string>()).add(refreshToken));
    this.refreshTokens.set(grantId, generations);
  }

  refusal(status: number): void { this.refusals.set(status, (this.refusals.get(status) ?? 0) + 1); }

  /** Up to a hundred of the tokens that were answered last. */
  lastAnswered(): readonly string[] { return this.latest.slice(-100); }
}

/** The id of an access token: a JWT's `jti`, or the start of an opaque token's SHA-256. */
function idOf(token: string): string {
  const [, claims] = token.split('.');
  return claims === undefined
    ? createHash('sha256').update(token).digest().subarray(0, 16).toString('base64url')
    : (JSON.parse(Buffer.from(claims, 'base64url').toString('utf8')) as { jti: string }).jti;
}

const GRANT_ID_BYTES = 16;
/** What a refresh token says of itself. */
export function partsOf(refreshToken: string): { readonly grantId: string; readonly generation: number } {
  const bytes = Buffer.from(refreshToken, 'base64url');
  return { grantId: bytes.subarray(0, GRANT_ID_BYTES).toString('base64url'), generation: bytes.readUInt32BE(GRANT_ID_BYTES) };
}
