import { randomFillSync } from 'node:crypto';

const POOL_BYTES = 4096;

/** Random bytes of the system's generator, fetched many at once: each fetch costs as much as a hash. Nothing is given out twice or kept. */
export class RandomPool {
  private readonly pool = Buffer.alloc(POOL_BYTES);
  private used = POOL_BYTES;

  /** So many random bytes, at most 4096. */
  take(bytes: number): Buffer {
    if (this.used + bytes > POOL_BYTES) {
      randomFillSync(this.pool);
      this.used = 0;
    }
    const part = this.pool.subarray(this.used, this.used += bytes), taken = Buffer.from(part);
    part.fill(0);
    return taken;
  }
}
