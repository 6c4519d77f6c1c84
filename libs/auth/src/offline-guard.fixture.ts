import { createHash, generateKeyPairSync, KeyObject, sign } from 'node:crypto';
import { AccessTokenClaims } from '@strowger/oauth-core/facts';
import { ApiError, unavailable } from './api-error';
import { Revocations } from './revocation-feed';
import { AuthenticatedCaller, TokenIntrospector } from './token-introspector';

export const ISSUER = 'https://auth.example.com';
const encode = (value: unknown): string => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');

/** tests only: claims of a token that lives for an hour from `iat`. */
export const claimsOf = (change: Partial<AccessTokenClaims> = {}): AccessTokenClaims => ({
  iss: ISSUER, sub: 'alice', aud: `${ISSUER}/api`, client_id: 'c'.repeat(32), iat: 1_000_000, exp: 1_003_600, jti: 'jti-1', scope: 'rest', tenant_id: 'tenant', application_id: 'app',
  account_kind: 'user', role: 'user', access_level: 'all', read_only: false, impersonation: false, rights: { tenant: 1, application: 2, account: 3 }, ...change,
});

/** tests only: signs as token-service does, and whatever else somebody may try. */
export class Signer {
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
  readonly kid: string;
  constructor() {
    ({ privateKey: this.privateKey, publicKey: this.publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' }));
    this.kid = createHash('sha256').update(JSON.stringify(this.publicKey.export({ format: 'jwk' }))).digest('base64url');
  }
  header(change: object = {}): object { return { alg: 'ES256', typ: 'at+jwt', kid: this.kid, ...change }; }
  /** `header` and `payload` as text stand as they are. */
  sign(payload: object | string, header: object | string = this.header()): string {
    const input = `${encode(header)}.${encode(payload)}`;
    return `${input}.${sign('sha256', Buffer.from(input), { key: this.privateKey, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`;
  }
  jwk(): object { return { ...this.publicKey.export({ format: 'jwk' }), kid: this.kid, use: 'sig', alg: 'ES256' }; }
}

/** tests only: a feed that knows what it is told. */
export class ToldRevocations implements Revocations {
  current = true;
  from = 0;
  readonly covered = new Set<string>();
  isCurrent(): boolean { return this.current; }
  judgesFrom(): number { return this.from; }
  readonly withdrawn = new Set<string>();
  isWithdrawn(kid: string): boolean { return this.withdrawn.has(kid); }
  covers({ jti }: AccessTokenClaims): boolean { return this.covered.has(jti); }
}

/** tests only: an issuer that knows these tokens, counts what it is asked, and may be away. */
export class CountingIssuer extends TokenIntrospector {
  readonly tokens = new Map<string, AuthenticatedCaller>();
  readonly asked: string[] = [];
  away = false;
  override introspect(token: string): Promise<AuthenticatedCaller | undefined> {
    this.asked.push(token);
    const nobody: ApiError = unavailable('the token could not be judged');
    return this.away ? Promise.reject(nobody) : Promise.resolve(this.tokens.get(token));
  }
}
