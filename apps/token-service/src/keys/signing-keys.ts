import { SigningKeyDocument, SigningKeysPort } from '@strowger/models/signing-keys/signing-keys.store';
import { OAuthError } from '@strowger/oauth-core/oauth-error';
import { makeSigningKey, TokenSigner, unwrapSigningKey, WrappingKey, wrapPrivateKey } from './signing-key';

/** A public key as RFC 7517 has it. */
interface PublicJwk { readonly kty: string; readonly crv: string; readonly x: string; readonly y: string; readonly kid: string; readonly use: 'sig'; readonly alg: 'ES256' }
/** Both clocks in milliseconds: a process that was stopped is told by the one, a machine that slept by the other. */
interface Moment { readonly running: number; readonly wall: number }
/** The keys as of the moment in which their read was sent. */
interface KnownKeys { readonly signer: TokenSigner | undefined; readonly jwks: string; readonly since: Moment }
/** Every stored key and the database's time. */
export type StoredKeys = Awaited<ReturnType<SigningKeysPort['all']>>;
/** `publishedSeconds`: how long a key is published before it signs. `longestTokenSeconds`: ACCESS_TOKEN_TTL_MAX_SECONDS. */
export interface SigningKeysSettings { readonly publishedSeconds: number; readonly longestTokenSeconds: number; readonly now: () => Date; readonly running?: () => number }

/** No key is signed with on the strength of an older read: so long after its rotation a key has signed its last token, whatever slept. */
export const SIGNER_SECONDS = 60;

/**
 * The deployment's signing keys, as this instance knows them. What it publishes comes from a read that is younger than half the time for which a key is published
 * before it signs: so every instance that answers at all knows a key before any signs with it.
 */
export class SigningKeys {
  private known: KnownKeys | undefined;
  /** Once in a process: two that disagree on the current wrapping key would go on for ever. */
  private wrappedAnew = false;

  constructor(private readonly store: SigningKeysPort, private readonly wrapping: readonly WrappingKey[], private readonly settings: SigningKeysSettings) {}

  /**
   * Reads the keys; makes what a deployment lacks. Of two instances that do, one key is kept and both use it.
   * @throws RangeError - the key to sign with cannot be opened; a database error
   */
  async load(): Promise<StoredKeys> {
    const { store, wrapping: [current], settings: { longestTokenSeconds, now } } = this;
    if (!current) throw new RangeError('at least one key');
    let since = this.moment(), stored = await store.all(), lacking = false;
    for (const status of ['active', 'next'] as const) {
      if (stored.keys.some(key => key.status === status)) continue;
      await store.insertFirst(makeSigningKey(current, status, longestTokenSeconds, now()));
      lacking = true;
    }
    if (lacking) { since = this.moment(); stored = await store.all(); }
    const signing = stored.keys.filter(key => key.status !== 'retiring');
    if (signing.some(key => (key.longest_token_seconds ?? 0) < longestTokenSeconds)) await store.lengthen(longestTokenSeconds);
    this.know(stored.keys, since);
    if (!this.wrappedAnew) await this.wrapAnew(signing, current);
    return stored;
  }

  /** Whether tokens can be signed now. */
  isReady(): boolean { return this.known?.signer !== undefined && this.age(this.known) <= SIGNER_SECONDS; }

  /** The keys as RFC 7517 §5 has them, as text. @throws OAuthError temporarily_unavailable - the keys were not read yet, or too long ago */
  jwks(): string {
    const { known, settings: { publishedSeconds } } = this;
    return known && this.age(known) <= publishedSeconds / 2 ? known.jwks : notRead();
  }

  /** @throws OAuthError temporarily_unavailable - the keys were not read yet, or not in the last minute */
  signer(): TokenSigner {
    const { known } = this;
    return known?.signer && this.age(known) <= SIGNER_SECONDS ? known.signer : notRead();
  }

  /** Takes what was read, unless a later read came first. */
  private know(keys: readonly SigningKeyDocument[], since: Moment): void {
    const before = this.known;
    if (before && before.since.running > since.running) return;
    const active = keys.find(key => key.status === 'active'), jwks = JSON.stringify({ keys: keys.map(jwkOf) });
    if (active && before?.signer?.kid === active._id) { this.known = { signer: before.signer, jwks, since }; return; }
    // Published in any case: others may sign with what cannot be opened here.
    this.known = { signer: undefined, jwks, since };
    if (!active) throw new RangeError('there is no active signing key');
    this.known = { signer: new TokenSigner(active._id, unwrapSigningKey(active, this.wrapping)), jwks, since };
  }

  private async wrapAnew(keys: readonly SigningKeyDocument[], current: WrappingKey): Promise<void> {
    for (const key of keys) {
      if (key.private_key?.wrapped_by !== current.id) await this.store.rewrap(key, wrapPrivateKey(key._id, unwrapSigningKey(key, this.wrapping), current));
    }
    this.wrappedAnew = true;
  }

  private moment(): Moment { return { running: (this.settings.running ?? performance.now.bind(performance))(), wall: this.settings.now().getTime() }; }

  /** Seconds since these keys were read, by the clock that says more. */
  private age({ since }: KnownKeys): number {
    const { running, wall } = this.moment();
    return Math.max(running - since.running, wall - since.wall) / 1000;
  }
}

const jwkOf = ({ _id, public_jwk: { kty, crv, x, y } }: SigningKeyDocument): PublicJwk => ({ kty, crv, x, y, kid: _id, use: 'sig', alg: 'ES256' });

function notRead(): never { throw new OAuthError('temporarily_unavailable', 'the service does not know the signing keys yet', { retryAfterSeconds: 1 }); }
