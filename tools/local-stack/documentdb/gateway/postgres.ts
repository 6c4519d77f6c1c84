import { Pool, PoolClient } from 'pg';
import { isLost, mayRunAgain } from './mongo-error';

const MAX_ATTEMPTS = 20;
const pause = (milliseconds: number): Promise<void> => new Promise(resolve => { setTimeout(resolve, milliseconds); });
function poolOf(connectionString: string, max: number): Pool {
  const pool = new Pool({ connectionString, max, connectionTimeoutMillis: 10_000 });
  // A lost idle connection is no news: whoever uses one next is told.
  return pool.on('error', () => undefined).on('connect', client => { client.on('error', () => undefined); });
}

/** One row as an array. `pg` reads bytea in text form only; named statements are parsed once a connection. */
export async function row(client: PoolClient, sql: string, values: readonly unknown[], name?: string): Promise<readonly unknown[] | undefined> {
  const { rows } = await client.query<unknown[]>({ text: sql, values: [...values], rowMode: 'array', ...(name !== undefined && { name }) });
  return rows[0];
}
/** @throws TypeError - the column is not bytea */
export function bytes(value: unknown): Buffer {
  if (!Buffer.isBuffer(value)) throw new TypeError('PostgreSQL answered without a document');
  return value;
}

/** The connections to PostgreSQL. Transactions hold theirs for long and must not starve single commands: two pools. */
export class Postgres {
  private readonly single: Pool;
  private readonly held: Pool;
  private readonly tails = new Map<string, Promise<unknown>>();
  constructor(url: string) { this.single = poolOf(url, 32); this.held = poolOf(url, 60); }

  /** A connection for a transaction. */
  connectHeld(): Promise<PoolClient> { return this.held.connect(); }

  async use<T>(work: (client: PoolClient) => Promise<T>): Promise<T> {
    const client = await this.single.connect();
    let lost = false;
    try { return await work(client); } catch (error) { lost = isLost(error); throw error; } finally { client.release(lost); }
  }
  readonly query = (sql: string, values: readonly unknown[]): Promise<readonly unknown[] | undefined> => this.use(client => row(client, sql, values));

  /** Runs pieces of work of one key one after another. */
  queued<T>(key: string, work: () => Promise<T>): Promise<T> {
    const result = (this.tails.get(key) ?? Promise.resolve()).then(work, work);
    const end = result.catch(() => undefined).then(() => { if (this.tails.get(key) === end) this.tails.delete(key); });
    this.tails.set(key, end);
    return result;
  }
  /** What met a deadlock left nothing behind and runs again, one at a time for each key. Only outside transactions. */
  async again<T>(key: string, work: () => Promise<T>): Promise<T> {
    try { return await work(); } catch (error) { if (!mayRunAgain(error)) throw error; }
    return this.queued(key, async () => {
      for (let attempt = 1; ; attempt++) {
        try { return await work(); } catch (error) { if (!mayRunAgain(error) || attempt === MAX_ATTEMPTS) throw error; }
        await pause(Math.random() * 10 * attempt);
      }
    });
  }
}
