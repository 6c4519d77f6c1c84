import { KeyRotationReply } from '@strowger/contracts/key-rotation';
import { SigningKeyDocument, SigningKeysPort } from '@strowger/models/signing-keys/signing-keys.store';
import { makeSigningKey, WrappingKey } from './signing-key';
import { SIGNER_SECONDS, SigningKeys, StoredKeys } from './signing-keys';

/** `rotationSeconds`: how long a key signs. `publishedSeconds`: how long it is published before. */
export interface RotationSettings { readonly rotationSeconds: number; readonly publishedSeconds: number; readonly longestTokenSeconds: number; readonly now: () => Date }

/** In need a key may sign that is published for so long: every instance has read it by then, and read it again. */
const KNOWN_SECONDS = 30;
/** After the last token of a key has expired. */
const MARGIN_SECONDS = 600;
const TRIES = 5;

const plus = (moment: Date, seconds: number): Date => new Date(moment.getTime() + seconds * 1000);
interface Signing { readonly active: SigningKeyDocument; readonly next: SigningKeyDocument }
function signing({ keys }: StoredKeys): Signing {
  const active = keys.find(key => key.status === 'active'), next = keys.find(key => key.status === 'next');
  if (!active || !next) throw new RangeError('the deployment has no signing keys yet');
  return { active, next };
}

/** Lets the next key sign, and publishes the one after it. One write: a crash leaves all of it or nothing. */
export class RotateKeys {
  constructor(private readonly store: SigningKeysPort, private readonly keys: SigningKeys, private readonly wrapping: readonly WrappingKey[], private readonly settings: RotationSettings) {}

  /**
   * Rotates once, however many ask at the same time.
   * @throws a database error - nobody knows whether it happened; asking again is safe, for a key that was published just now does not sign
   */
  async run({ compromised = false }: { readonly compromised?: boolean | undefined } = {}): Promise<KeyRotationReply> {
    const { settings, wrapping: [current] } = this;
    if (!current) throw new RangeError('at least one key');
    let began: string | undefined;
    for (let tries = 0; tries < TRIES; tries++) {
      const stored = await this.store.all(), { active, next } = signing(stored), possible = this.possibleAt(next, compromised);
      began ??= active._id;
      if (active._id !== began) return { rotated: false, kid: active._id, reason: 'rotated_meanwhile', possible_at: possible.toISOString() };
      if (stored.now < possible) return { rotated: false, kid: active._id, reason: 'not_published_long_enough', possible_at: possible.toISOString() };
      const fresh = makeSigningKey(current, 'next', settings.longestTokenSeconds, settings.now());
      if (!await this.store.rotate({ active, next, fresh }, compromised)) continue;
      await this.keys.load();
      return { rotated: true, kid: next._id, previous_kid: active._id };
    }
    throw new Error('the signing keys change again and again');
  }

  /** Does what is due: a rotation, and deleting keys none of whose tokens is alive. */
  async upkeep(stored: StoredKeys): Promise<void> {
    const { active, next } = signing(stored);
    const due = plus(active.activated_at ?? active.created_at, this.settings.rotationSeconds);
    if (stored.now >= due && stored.now >= this.possibleAt(next, false)) await this.run();
    for (const key of stored.keys) {
      const ends = key.retiring_at && plus(key.retiring_at, SIGNER_SECONDS + (key.longest_token_seconds ?? this.settings.longestTokenSeconds) + MARGIN_SECONDS);
      if (ends && stored.now >= ends) await this.store.retire(key);
    }
  }

  private possibleAt(next: SigningKeyDocument, compromised: boolean): Date {
    const { publishedSeconds } = this.settings;
    return plus(next.published_at ?? next.created_at, compromised ? Math.min(KNOWN_SECONDS, publishedSeconds) : publishedSeconds);
  }
}
