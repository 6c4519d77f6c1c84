import { PoolClient } from 'pg';
import { Command, numberAt } from './command';
import { MongoError } from './mongo-error';
import { bytes, row } from './postgres';
import { snapshotRead } from './snapshot-read';
import { FIRST_PAGE, GET_MORE } from './sql';

const IDLE_MILLISECONDS = 600_000;

/** Open cursors. PostgreSQL keeps what they have still to read in files (`useFileBasedPersistedCursors`), so none holds a connection. */
export class Cursors {
  private readonly open = new Map<string, { continuation: Buffer; usedAt: number }>();

  async first(client: PoolClient, command: Command): Promise<Buffer> {
    const [page, continuation, bound, id] = await row(client, FIRST_PAGE.get(command.name) ?? '', [command.database, snapshotRead(command)], command.name) ?? [];
    if (bound === true) throw new Error('DocumentDB bound a cursor to its connection');
    if (Buffer.isBuffer(continuation) && typeof id === 'string' && id !== '0') this.open.set(id, { continuation, usedAt: Date.now() });
    return bytes(page);
  }
  /** @throws MongoError 43 - no such cursor */
  async next(client: PoolClient, command: Command): Promise<Buffer> {
    const id = String(numberAt(command.raw, command.spans.get('getMore')));
    const cursor = this.open.get(id);
    if (!cursor) throw new MongoError(43, 'CursorNotFound', `cursor id ${id} not found`);
    cursor.usedAt = Date.now();
    const [page, continuation] = await row(client, GET_MORE, [command.database, command.raw, cursor.continuation], 'getMore') ?? [];
    if (Buffer.isBuffer(continuation)) cursor.continuation = continuation;
    else this.open.delete(id);
    return bytes(page);
  }
  /** Whether there was such a cursor. */
  end(id: string): boolean { return this.open.delete(id); }
  endIdle(now: number): void {
    for (const [id, { usedAt }] of this.open) if (now - usedAt > IDLE_MILLISECONDS) this.open.delete(id);
  }
}
