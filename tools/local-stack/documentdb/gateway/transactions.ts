import { serialize } from 'bson';
import { PoolClient } from 'pg';
import { Command } from './command';
import { isLost, mayRunAgain, MongoError, stateOf, TransientError } from './mongo-error';
import { Postgres } from './postgres';
import { BEGIN, COMMITTED, REMEMBER_COMMIT } from './sql';

const IDLE_MILLISECONDS = 60_000;
const LOCK_NOT_AVAILABLE = '55P03';
const OK = serialize({ ok: 1 });
interface Transaction { readonly client: PoolClient; readonly number: bigint | undefined; usedAt: number }
const noSuchTransaction = (...labels: string[]) =>
  new MongoError(251, 'NoSuchTransaction', 'Given transaction number does not match any in-progress transactions', labels);

/** What a command in a transaction answered, and whether it failed inside its reply. */
export interface Outcome { readonly reply: Uint8Array; readonly failed: boolean }

/** Multi-document transactions: one held connection a session, snapshot isolation. */
export class Transactions {
  private readonly open = new Map<string, Transaction>();
  constructor(private readonly postgres: Postgres) {}

  /** Runs a command of a transaction; any error ends the transaction, as in mongod. */
  async run(command: Command, work: (client: PoolClient) => Promise<Outcome>): Promise<Uint8Array> {
    const session = command.session ?? '';
    if (command.name === 'commitTransaction') return this.commit(session, command.number);
    if (command.name === 'abortTransaction') {
      if (this.open.get(session)?.number !== command.number) throw noSuchTransaction();
      await this.abort(session);
      return OK;
    }
    if (command.startsTransaction) {
      await this.abort(session);
      const client = await this.postgres.connectHeld();
      this.open.set(session, { client, number: command.number, usedAt: Date.now() });
    }
    const transaction = this.open.get(session);
    if (transaction?.number !== command.number || !transaction) throw noSuchTransaction('TransientTransactionError');
    transaction.usedAt = Date.now();
    try {
      if (command.startsTransaction) await transaction.client.query(BEGIN);
      const { reply, failed } = await work(transaction.client);
      if (failed) await this.abort(session);
      return reply;
    } catch (error) {
      await this.abort(session);
      throw mayRunAgain(error) || isLost(error) || stateOf(error) === LOCK_NOT_AVAILABLE ? new TransientError('the transaction was ended', { cause: error }) : error;
    }
  }
  /** Ends what nobody has used for a minute. */
  async abortIdle(now: number): Promise<void> {
    for (const [session, { usedAt }] of this.open) if (now - usedAt > IDLE_MILLISECONDS) await this.abort(session);
  }
  async abort(session: string): Promise<void> { await this.end(session, client => client.query('ROLLBACK')).catch(() => undefined); }

  private async commit(session: string, number: bigint | undefined): Promise<Uint8Array> {
    if (this.open.get(session)?.number === number) {
      await this.end(session, async client => {
        await client.query(REMEMBER_COMMIT, [session, number]);
        await client.query('COMMIT');
      });
    } else if (!await this.postgres.query(COMMITTED, [session, number])) throw noSuchTransaction('TransientTransactionError');
    return OK;
  }
  private async end(session: string, work: (client: PoolClient) => Promise<unknown>): Promise<void> {
    const transaction = this.open.get(session);
    this.open.delete(session);
    let failed = true;
    try { if (transaction) await work(transaction.client); failed = false; } finally { transaction?.client.release(failed); }
  }
}
