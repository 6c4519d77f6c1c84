import { hash } from 'node:crypto';
import { AccessTokenClaims } from '@strowger/oauth-core/facts';
import { JwtVerifier } from './jwt-verifier';
import { namesAll } from './known-revocations';
import { Revocations } from './revocation-feed';
import { AuthenticatedCaller, TokenIntrospector } from './token-introspector';

/** Tokens remembered at once; of twice as many the half that was not asked for lately is forgotten. */
const REMEMBERED = 10_000;

/** `canJudge`: whether the claims are such that the feed alone can say if they hold. `kid`: of a JWT, the key it was verified with. */
interface Known { readonly caller: AuthenticatedCaller; readonly canJudge: boolean; readonly kid: string | undefined }

export interface OfflineParts {
  readonly jwts: Pick<JwtVerifier, 'verify'>;
  readonly keys: { has(kid: string): boolean };
  readonly revocations: Revocations;
  /** Asked where this process cannot say. */
  readonly issuer: TokenIntrospector;
  /** How long any access token of the deployment may live: what the feed remembers. */
  readonly longestTokenSeconds: number;
}

/**
 * Judges tokens without asking: a JWT by its signature, an opaque token by one answer of the issuer, both under what the revocation feed says. Where the
 * feed is not current, or does not reach back to the token's birth, it asks the issuer, each time anew; where that fails too, nobody can say.
 */
export class OfflineTokenIntrospector extends TokenIntrospector {
  /** Answers without a question, and questions, since the process began. */
  readonly counters = { judged: 0, asked: 0 };
  private young = new Map<string, Known>();
  private old = new Map<string, Known>();
  private readonly asking = new Map<string, Promise<AuthenticatedCaller | undefined>>();

  /** `now`: milliseconds since the epoch. */
  constructor(private readonly parts: OfflineParts, private readonly now: () => number = () => Date.now()) { super(); }

  async introspect(token: string, requestId: string): Promise<AuthenticatedCaller | undefined> {
    const key = hash('sha256', token, 'base64');
    const known = this.recall(key) ?? await this.read(token, key);
    if (known === 'forged') return undefined;
    if (known === undefined) return this.firstAnswer(token, requestId, key);
    const { caller, canJudge, kid } = known;
    if (this.hasEnded(caller.claims)) return undefined;
    const isDoubtful = kid !== undefined && this.parts.revocations.isWithdrawn(kid);
    if (canJudge && !isDoubtful && this.parts.revocations.isCurrent() && caller.claims.iat * 1000 >= this.parts.revocations.judgesFrom()) {
      this.counters.judged++;
      return caller;
    }
    return this.ask(token, requestId);
  }

  private recall(key: string): Known | undefined {
    const young = this.young.get(key);
    if (young) return this.isUsable(young) ? young : undefined;
    const old = this.old.get(key);
    if (!old || !this.isUsable(old)) return undefined;
    this.remember(key, old);
    return old;
  }

  private isUsable({ kid }: Known): boolean { return kid === undefined || this.parts.keys.has(kid); }

  private remember(key: string, known: Known): void {
    if (this.young.size >= REMEMBERED) { this.old = this.young; this.young = new Map(); }
    this.young.set(key, known);
  }

  /** What a JWT says; undefined for whatever else it may be, which only the issuer knows. */
  private async read(token: string, key: string): Promise<Known | 'forged' | undefined> {
    if (!token.includes('.')) return undefined;
    const verified = await this.parts.jwts.verify(token);
    if (verified === 'forged') return 'forged';
    if (verified === 'unknown key') return undefined;
    const known = this.knownOf({ claims: verified.claims }, verified.kid);
    this.remember(key, known);
    return known;
  }

  private knownOf(caller: AuthenticatedCaller, kid?: string): Known {
    const { claims } = caller;
    return { caller: Object.freeze(caller), canJudge: namesAll(claims) && claims.exp - claims.iat <= this.parts.longestTokenSeconds, kid };
  }

  private hasEnded(claims: AccessTokenClaims): boolean { return claims.exp * 1000 <= this.now() || this.parts.revocations.covers(claims); }

  /** Of a token that many requests bring at once for the first time, the issuer is asked once. */
  private firstAnswer(token: string, requestId: string, key: string): Promise<AuthenticatedCaller | undefined> {
    if (!this.parts.revocations.isCurrent()) return this.askAndRemember(token, requestId, key);
    const asking = this.asking.get(key) ?? this.askAndRemember(token, requestId, key).finally(() => { this.asking.delete(key); });
    this.asking.set(key, asking);
    return asking;
  }

  private async askAndRemember(token: string, requestId: string, key: string): Promise<AuthenticatedCaller | undefined> {
    const caller = await this.ask(token, requestId);
    if (caller) this.remember(key, this.knownOf(caller));
    return caller;
  }

  private async ask(token: string, requestId: string): Promise<AuthenticatedCaller | undefined> {
    this.counters.asked++;
    const caller = await this.parts.issuer.introspect(token, requestId);
    return caller && !this.hasEnded(caller.claims) ? caller : undefined;
  }
}
