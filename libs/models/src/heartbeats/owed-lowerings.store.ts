import { decodeBatch } from '@strowger/contracts/cloud-event';
import { DEPLOYMENT } from '@strowger/oauth-core/facts';
import { Database } from '../database';
import { OUTBOX, OutboxDocument } from '../outbox/outbox.schema';
import { HeartbeatDocument, HEARTBEATS } from './heartbeats.schema';

const ENTRIES_AT_ONCE = 20;

/** Reads what every service still owes the bus of events that lower a right, so that nothing committed before the call is missing. */
export class OwedLowerings {
  constructor(private readonly database: Database, private readonly instance: string) {}

  /**
   * First one majority write, because a primary that lost its majority must answer nobody; then, in the same causally consistent session, because a primary
   * just elected may not know yet what is committed, the outbox of all services.
   * @returns the events, or 'too many' where their batches have more than `mostBytes`
   * @throws a database error - nobody can say
   */
  async read(mostBytes: number): Promise<readonly unknown[] | 'too many'> {
    return this.database.connection.getClient().withSession({ causalConsistency: true }, async session => {
      await this.database.collection<HeartbeatDocument>(HEARTBEATS).updateOne(
        { _id: this.instance }, { $currentDate: { at: true }, $setOnInsert: { tenant_id: DEPLOYMENT, version: 1 } }, { upsert: true, session, writeConcern: { w: 'majority', journal: true } },
      );
      const owed: unknown[] = [];
      let bytes = 0;
      for await (const { batch } of this.database.collection<OutboxDocument>(OUTBOX).find({ lowers: true }, { session, projection: { batch: 1 }, batchSize: ENTRIES_AT_ONCE })) {
        bytes += batch.length;
        if (bytes > mostBytes) return 'too many';
        owed.push(...decodeBatch(batch));
      }
      return owed;
    });
  }
}
