import { SigningKeyDocument, SigningKeysStore } from '@strowger/models/signing-keys/signing-keys.store';
import { OAuthError } from '@strowger/oauth-core/oauth-error';
import { makeSigningKey, TokenSigner, unwrapSigningKey, WrappingKey } from './signing-key';

/** A public key as RFC 7517 has it. */
interface PublicJwk { readonly kty: string; readonly crv: string; readonly x: string; readonly y: string; readonly kid: string; readonly use: 'sig'; readonly alg: 'ES256' }

/** The deployment's signing keys, as this instance knows them. */
export class SigningKeys {
  private active: TokenSigner | undefined;
  private published: string | undefined;

  constructor(private readonly store: SigningKeysStore, private readonly wrapping: readonly WrappingKey[], private readonly now: () => Date) {}

  /** Reads the keys; makes the first one of a deployment. Of two instances that do, one key is kept and both use it. */
  async load(): Promise<void> {
    let keys = await this.store.all();
    const [current] = this.wrapping;
    if (current && !keys.some(key => key.active)) {
      await this.store.insertFirst(makeSigningKey(current, this.now()));
      keys = await this.store.all();
    }
    const active = keys.find(key => key.active);
    if (!active) throw new Error('no active signing key');
    this.active = new TokenSigner(active._id, unwrapSigningKey(active, this.wrapping));
    this.published = JSON.stringify({ keys: keys.map(jwkOf) });
  }

  isReady(): boolean { return this.active !== undefined; }

  /** The keys as RFC 7517 §5 has them, as text. @throws OAuthError temporarily_unavailable - as `signer` */
  jwks(): string { return this.published ?? notRead(); }

  /** @throws OAuthError temporarily_unavailable - the keys were not read yet */
  signer(): TokenSigner { return this.active ?? notRead(); }
}

const jwkOf = ({ _id, public_jwk: { kty, crv, x, y } }: SigningKeyDocument): PublicJwk => ({ kty, crv, x, y, kid: _id, use: 'sig', alg: 'ES256' });

function notRead(): never { throw new OAuthError('temporarily_unavailable', 'the service is starting', { retryAfterSeconds: 1 }); }
