import { serviceNames } from '@strowger/contracts/event-catalogue';
import { Database } from '../database';
import { OUTBOX, OutboxDocument } from './outbox.schema';

const A_FEW = 32;
const earliest = (moments: readonly Date[]): Date | undefined => moments.reduce<Date | undefined>((first, at) => first && first <= at ? first : at, undefined);

/** Reads what the services of the deployment, all together, still owe to the bus. */
export class OwedReader {
  constructor(private readonly database: Database) {}

  /** When the oldest entry was made that is not waiting for its document to appear; undefined: nothing is owed. */
  async oldest(): Promise<Date | undefined> {
    // Mostly hardly anything is owed, and one question for all services tells it.
    const some = await this.database.collection<OutboxDocument>(OUTBOX).find({ service: { $in: [...serviceNames] } }, { projection: { at: 1, absent: 1 } }).limit(A_FEW).batchSize(A_FEW).toArray();
    if (some.length < A_FEW) return earliest(some.filter(({ absent }) => absent === undefined).map(({ at }) => at));
    const ages = await Promise.all(serviceNames.map(async service => {
      const oldest = await this.database.collection<OutboxDocument>(OUTBOX)
        .findOne({ service, absent: { $exists: false } }, { sort: { at: 1 }, projection: { at: 1 } });
      return oldest ? [oldest.at] : [];
    }));
    return earliest(ages.flat());
  }

  /** Whether any service owes an event since before `moment`, those that wait for their document included. */
  async owesSince(moment: Date): Promise<boolean> {
    const found = await Promise.all(serviceNames.map(service => this.database.collection<OutboxDocument>(OUTBOX).findOne({ service, at: { $lt: moment } }, { projection: { _id: 1 } })));
    return found.some(entry => entry !== null);
  }
}
