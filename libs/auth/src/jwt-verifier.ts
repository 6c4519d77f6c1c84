import { verify } from 'node:crypto';
import { z } from 'zod';
import { AccessTokenClaims } from '@strowger/oauth-core/facts';
import { Claims } from './access-token-claims';
import { JsonWebKeys } from './json-web-keys';

const SIGNATURE_BYTES = 64;

/** Nothing else may stand in the header: no `crit`, no key of the sender's own (`jwk`, `jku`, `x5u`). */
const Header = z.strictObject({ alg: z.literal('ES256'), typ: z.literal('at+jwt'), kid: z.string().min(1).max(128) });
const NotBefore = z.object({ nbf: z.int().optional() });

/** What verification came to: the claims, and the key they are signed with; `forged`: no token of this issuer for this audience; `unknown key`: it cannot be said here. */
export type Verified = { readonly claims: AccessTokenClaims; readonly kid: string } | 'forged' | 'unknown key';

/** Verifies access tokens that are JWTs (RFC 9068, ES256) without asking anybody. Whether one has ended or was revoked is another question. */
export class JwtVerifier {
  /** `skewSeconds`: a clock that is behind the issuer's by more sees tokens of the future. `nowSeconds`: since the epoch. */
  constructor(
    private readonly keys: Pick<JsonWebKeys, 'find'>, private readonly expected: { readonly issuer: string; readonly audience: string; readonly skewSeconds: number },
    private readonly nowSeconds: () => number = () => Date.now() / 1000,
  ) {}

  async verify(token: string): Promise<Verified> {
    const [header = '', payload = '', signature = '', more] = token.split('.');
    const raw = decoded(signature), head = Header.safeParse(parsed(header));
    if (more !== undefined || raw?.length !== SIGNATURE_BYTES || !head.success) return 'forged';
    const { kid } = head.data, key = await this.keys.find(kid);
    if (!key) return 'unknown key';
    if (!verify('sha256', Buffer.from(`${header}.${payload}`), { key, dsaEncoding: 'ieee-p1363' }, raw)) return 'forged';
    const said = parsed(payload), claims = Claims.safeParse(said), notBefore = NotBefore.safeParse(said), latest = this.nowSeconds() + this.expected.skewSeconds;
    if (!claims.success || !notBefore.success) return 'forged';
    const { iss, aud, iat, exp } = claims.data;
    const isOurs = iss === this.expected.issuer && aud === this.expected.audience && iat <= latest && exp > iat && (notBefore.data.nbf ?? iat) <= latest;
    return isOurs ? { claims: claims.data, kid } : 'forged';
  }
}

/** The bytes of a part; undefined where it is not the one way of writing them: base64url has spare bits. */
function decoded(part: string): Buffer | undefined {
  const bytes = Buffer.from(part, 'base64url');
  return bytes.toString('base64url') === part ? bytes : undefined;
}

function parsed(part: string): unknown {
  try {
    return JSON.parse(decoded(part)?.toString('utf8') ?? '');
  } catch {
    return undefined;
  }
}
