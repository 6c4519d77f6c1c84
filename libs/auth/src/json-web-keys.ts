import { createPublicKey, KeyObject } from 'node:crypto';
import { z } from 'zod';

/** An unknown key makes the set be read again, at most this often. */
const UNKNOWN_PAUSE_MS = 60_000;
/** Nothing was read yet: tried again sooner. */
const FIRST_PAUSE_MS = 1000;
/** A set this old is read again beside the requests, so that a key that was taken back ends here too. */
const OLD_MS = 300_000;
const TIMEOUT_MS = 2000, MAX_KEYS = 100;

const coordinate = z.string().regex(/^[A-Za-z0-9_-]{43}$/);
const Jwk = z.object({ kty: z.literal('EC'), crv: z.literal('P-256'), x: coordinate, y: coordinate, kid: z.string().min(1).max(128), use: z.literal('sig').optional(), alg: z.literal('ES256').optional() });
const JwkSet = z.object({ keys: z.array(z.unknown()).max(MAX_KEYS) });

/** The public keys that access tokens are signed with (RFC 7517), read from token-service and remembered. */
export class JsonWebKeys {
  private keys: ReadonlyMap<string, KeyObject> | undefined;
  private readAt = -Infinity;
  private triedAt = -Infinity;
  private reading: Promise<void> | undefined;

  /** `url`: of the JWK set. `now`: a monotonic clock in milliseconds. */
  constructor(private readonly url: string, private readonly log: { warn(fields: object, line: string): void }, private readonly now: () => number = () => performance.now()) {}

  /** The key of this id; undefined where the set does not have it, or could not be read. */
  async find(kid: string): Promise<KeyObject | undefined> {
    const known = this.keys?.get(kid), now = this.now();
    if (known) {
      if (now - this.readAt > OLD_MS && now - this.triedAt > UNKNOWN_PAUSE_MS) void this.read();
      return known;
    }
    if (this.reading || now - this.triedAt >= (this.keys ? UNKNOWN_PAUSE_MS : FIRST_PAUSE_MS)) await this.read();
    return this.keys?.get(kid);
  }

  /** Whether a key that was found before is still in the set. */
  has(kid: string): boolean { return this.keys?.has(kid) === true; }

  /** Reads the set; never two at once. Never rejects: what was read before stays. */
  read(): Promise<void> {
    this.triedAt = this.now();
    this.reading ??= this.fetch().catch((error: unknown) => { this.log.warn({ err: error }, 'the signing keys could not be read'); }).finally(() => { this.reading = undefined; });
    return this.reading;
  }

  private async fetch(): Promise<void> {
    const response = await fetch(this.url, { redirect: 'error', signal: AbortSignal.timeout(TIMEOUT_MS), headers: { accept: 'application/json' } });
    if (response.status !== 200) throw new Error(`${String(response.status)} for the JWK set`);
    const { keys } = JwkSet.parse(await response.json());
    this.keys = new Map(keys.flatMap(key => {
      const jwk = Jwk.safeParse(key).data;
      if (!jwk) return [];
      const { kty, crv, x, y, kid } = jwk;
      return [[kid, createPublicKey({ key: { kty, crv, x, y }, format: 'jwk' })] as const];
    }));
    this.readAt = this.now();
  }
}
