import { randomBytes } from 'node:crypto';
import { hash, verify } from '@node-rs/argon2';
import { putPoolBehindEventLoop } from './pool-priority';

/** argon2id as OWASP's Password Storage Cheat Sheet gives it: 19 MiB, two passes, one lane. */
const ARGON2ID = { algorithm: 2, memoryCost: 19456, timeCost: 2, parallelism: 1, outputLen: 32 } as const;
const SALT_BYTES = 16;
const CONCURRENT = 2;
const WAITING = 32;
const SHORTEST_CHARACTERS = 8;
const LONGEST_CHARACTERS = 256;
const LONGEST_BYTES = 1024;

/** Too many passwords are waiting to be checked. Whoever asks is told to try again in `retryAfterSeconds`. */
export class QueueFull extends Error {
  override readonly name = 'QueueFull';
  readonly retryAfterSeconds = 1;
  constructor() { super('too many passwords are being checked, try again in a second'); }
}

/** A password that is not taken; `message` is public and does not contain it. */
export class PasswordRefused extends Error {
  override readonly name = 'PasswordRefused';
}

/**
 * Hashes and checks passwords with argon2id. One such computation takes some 10 ms of a core and 19 MiB, so that at most two run at
 * once, a few wait, and the rest are refused, and that the event loop goes before them: a flood of passwords slows down nothing else.
 */
export class PasswordHasher {
  private running = 0;
  private poolIsBehind = false;
  private readonly waiting: (() => void)[] = [];
  /** Of no password: to be compared with where there is no account. */
  private readonly nothing = phc(randomBytes(SALT_BYTES), randomBytes(ARGON2ID.outputLen));

  /** `concurrent` computations run at once, `waitingAtMost` more wait. */
  constructor(private readonly concurrent = CONCURRENT, private readonly waitingAtMost = WAITING) {}

  /**
   * Hash of a new password, in PHC form (`$argon2id$…`).
   * @throws PasswordRefused - under 8 or over 256 characters, or over 1024 bytes
   * @throws QueueFull - too many are waiting
   */
  async hash(password: string): Promise<string> {
    const normal = normalized(password);
    if (Array.from(normal).length < SHORTEST_CHARACTERS) throw new PasswordRefused(`a password has at least ${String(SHORTEST_CHARACTERS)} characters`);
    return this.inTurn(() => hash(normal, ARGON2ID));
  }

  /**
   * Whether `password` is the one of which `hashed` is the hash. The empty password is nobody's.
   * @throws PasswordRefused - longer than any password can be; nothing was computed
   * @throws QueueFull - too many are waiting
   */
  async verify(hashed: string, password: string): Promise<boolean> {
    const normal = normalized(password);
    if (normal === '') return false;
    return this.inTurn(() => verify(hashed, normal));
  }

  /** As `verify`, where there is no account: the same work and time, and always false. */
  async verifyAgainstNothing(password: string): Promise<false> {
    await this.verify(this.nothing, password);
    return false;
  }

  private async inTurn<T>(work: () => Promise<T>): Promise<T> {
    if (this.running >= this.concurrent) {
      if (this.waiting.length >= this.waitingAtMost) throw new QueueFull();
      // Whoever finishes hands over its place: `running` stays as it is.
      await new Promise<void>(resolve => { this.waiting.push(resolve); });
    } else {
      this.running++;
    }
    try {
      const working = work();
      // Not before: the first work makes the pool's threads.
      if (!this.poolIsBehind) { this.poolIsBehind = true; putPoolBehindEventLoop(); }
      return await working;
    } finally {
      const next = this.waiting.shift();
      if (next) next(); else this.running--;
    }
  }
}

/** One text for what looks the same however it was typed (NFC). Refuses what is too long before anything is computed from it. */
function normalized(password: string): string {
  if (password.length > LONGEST_BYTES) throw tooLong();
  if (!password.isWellFormed()) throw new PasswordRefused('the password is not valid Unicode');
  const normal = password.normalize('NFC');
  if (Array.from(normal).length > LONGEST_CHARACTERS || Buffer.byteLength(normal) > LONGEST_BYTES) throw tooLong();
  return normal;
}

const tooLong = () => new PasswordRefused(`a password has at most ${String(LONGEST_CHARACTERS)} characters`);
const unpadded = (bytes: Buffer): string => bytes.toString('base64').replace(/=+$/, '');
const phc = (salt: Buffer, key: Buffer): string =>
  `$argon2id$v=19$m=${String(ARGON2ID.memoryCost)},t=${String(ARGON2ID.timeCost)},p=${String(ARGON2ID.parallelism)}$${unpadded(salt)}$${unpadded(key)}`;
