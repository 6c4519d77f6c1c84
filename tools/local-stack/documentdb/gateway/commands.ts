import { deserialize, serialize } from 'bson';
import { PoolClient } from 'pg';
import { Command } from './command';
import { Cursors } from './cursors';
import { duplicateKey } from './duplicate-key';
import { mongoCode, MongoError, StateError, stateOf, unpackState } from './mongo-error';
import { bytes, Postgres, row } from './postgres';
import { Call, DDL, FIRST_PAGE, SIMPLE, WRITE, WRITES } from './sql';
import { Outcome, Transactions } from './transactions';

/** What a DDL call or a write reports inside its reply; documents of PostgreSQL, so their shape is taken as it is. */
interface Report { ok?: number; code?: number; errmsg?: string; raw?: { defaultShard?: Report }; writeErrors?: { code: number; errmsg: string }[] }
const reportOf = (reply: Uint8Array): Report => deserialize(reply);
const OK = serialize({ ok: 1 });

/** Carries out commands on PostgreSQL. */
export class Commands {
  readonly cursors = new Cursors();
  readonly transactions: Transactions;
  constructor(private readonly postgres: Postgres) { this.transactions = new Transactions(postgres); }

  async run(command: Command): Promise<Uint8Array> {
    const { name, database, collection } = command, key = `${database}.${collection}`;
    if (name === 'endSessions' || name === 'killSessions') {
      const sessions = (deserialize(command.raw, { promoteBuffers: true }) as Record<string, { id: Uint8Array }[]>)[name];
      for (const { id } of sessions ?? []) await this.transactions.abort(Buffer.from(id).toString('hex'));
      return OK;
    }
    if (name === 'killCursors') {
      const { cursors: ids = [] } = deserialize(command.raw, { useBigInt64: true }) as { cursors?: bigint[] };
      const cursorsKilled = ids.filter(id => this.cursors.end(String(id)));
      return serialize({ cursorsKilled, cursorsNotFound: ids.filter(id => !cursorsKilled.includes(id)), cursorsAlive: [], cursorsUnknown: [], ok: 1 });
    }
    if (command.inTransaction) return this.transactions.run(command, client => this.on(client, command));
    const work = async () => (await this.postgres.use(client => this.on(client, command))).reply;
    if (DDL.has(name)) return this.postgres.queued('ddl', () => this.postgres.again(key, work)); // simultaneous index changes deadlock
    // Of two upserts of one key the second runs again, as in mongod, and finds the first's document.
    const upserting = () => work().catch((error: unknown) => { if (stateOf(error) !== '23P01') throw error; return work(); });
    return this.postgres.again(key, name === 'findAndModify' ? upserting : work);
  }

  private async on(client: PoolClient, command: Command): Promise<Outcome> {
    const { name } = command, simple = SIMPLE.get(name), ddl = DDL.get(name);
    if (WRITES.has(name)) return this.write(client, command);
    if (FIRST_PAGE.has(name)) return { reply: await this.cursors.first(client, command), failed: false };
    if (name === 'getMore') return { reply: await this.cursors.next(client, command), failed: false };
    if (simple) return { reply: bytes(await this.call(client, simple, command)), failed: false };
    if (ddl) return { reply: this.changed(command, await this.call(client, ddl, command)), failed: false };
    throw new MongoError(59, 'CommandNotFound', `no such command: '${name}'`);
  }
  private async call(client: PoolClient, { sql, parameters }: Call, command: Command): Promise<unknown> {
    return (await row(client, sql, parameters.map(parameter => command[parameter])))?.[0];
  }
  private async write(client: PoolClient, command: Command): Promise<Outcome> {
    const once = command.number !== undefined && !command.inTransaction ? [command.session, command.number] : [null, null];
    const [result] = await row(client, WRITE, [command.name, command.database, command.raw, command.sequence ?? null, ...once], 'write') ?? [];
    const reply = bytes(result);
    if (!reply.includes('writeErrors')) return { reply, failed: false };
    const report = reportOf(reply), { writeErrors = [] } = report;
    for (const error of writeErrors) {
      error.code = mongoCode(unpackState(error.code)).code;
      if (error.code === 11000) Object.assign(error, await duplicateKey(this.postgres, command, error.errmsg));
    }
    return { reply: serialize(report), failed: writeErrors.length > 0 };
  }
  private changed({ name, database, collection }: Command, result: unknown): Uint8Array {
    if (name === 'dropDatabase') return serialize({ dropped: database, ok: 1 });
    if (name === 'drop') return serialize(result === true ? { ns: `${database}.${collection}`, nIndexesWas: 1, ok: 1 } : { ok: 1 });
    if (name === 'create') return OK;
    const reply = typeof result === 'string' ? Buffer.from(result.replace(/^BSONHEX/, ''), 'hex') : bytes(result); // CALL gives its bson as text
    const report = reportOf(reply), own = report.raw?.defaultShard ?? report;
    if (own.ok === 0) throw new StateError(unpackState(own.code ?? 0), own.errmsg ?? '');
    return serialize({ ...own, ok: 1 });
  }
}
