import { mongo } from 'mongoose';
import { ServiceName } from '@strowger/contracts/event-catalogue';
import { DEPLOYMENT } from '@strowger/oauth-core/facts';
import { Database } from '../database';
import { RECONCILIATIONS, ReconciliationDocument } from './reconciliations.schema';

const DUPLICATE_KEY = 11000;

/** Keeps how far a service's reconciler has come, and lets one instance at a time do the work. Two at once would be harmless. */
export class ReconciliationsStore {
  constructor(private readonly database: Database, private readonly service: ServiceName, private readonly instance: string) {}

  /** Takes or keeps the work for `seconds`; gives how far it has come, by age of the documents in seconds; undefined: another instance does it. */
  async claim(now: Date, seconds: number): Promise<Readonly<Record<string, Date>> | undefined> {
    const held_until = new Date(now.getTime() + seconds * 1000);
    const known = await this.collection().findOneAndUpdate(
      { _id: this.service, $or: [{ holder: this.instance }, { held_until: { $lte: now } }] }, { $set: { holder: this.instance, held_until } }, { returnDocument: 'after' },
    );
    if (known) return known.compared_until;
    try {
      await this.collection().insertOne({ _id: this.service, tenant_id: DEPLOYMENT, version: 1, holder: this.instance, held_until, compared_until: {}, missing: 0 });
      return {};
    } catch (error) {
      if (error instanceof mongo.MongoServerError && error.code === DUPLICATE_KEY) return undefined;
      throw error;
    }
  }

  /** Every document of this age (seconds) is compared that was made before `until`. */
  async compared(age: number, until: Date): Promise<void> {
    await this.collection().updateOne({ _id: this.service }, { $max: { [`compared_until.${String(age)}`]: until } });
  }

  async found(missing: number, at: Date): Promise<void> {
    await this.collection().updateOne({ _id: this.service }, { $inc: { missing }, $max: { last_missing_at: at } });
  }

  private collection() { return this.database.collection<ReconciliationDocument>(RECONCILIATIONS); }
}
