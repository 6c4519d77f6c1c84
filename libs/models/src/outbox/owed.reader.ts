import { serviceNames } from '@strowger/contracts/event-catalogue';
import { Database } from '../database';
import { OUTBOX, OutboxDocument } from './outbox.schema';

/** Reads what the services of the deployment, all together, still owe to the bus. */
export class OwedReader {
  constructor(private readonly database: Database) {}

  /** When the oldest entry was made that is not waiting for its document to appear; undefined: nothing is owed. */
  async oldest(): Promise<Date | undefined> {
    const ages = await Promise.all(serviceNames.map(async service => {
      const oldest = await this.database.collection<OutboxDocument>(OUTBOX)
        .findOne({ service, absent: { $exists: false } }, { sort: { at: 1 }, projection: { at: 1 } });
      return oldest ? [oldest.at] : [];
    }));
    return ages.flat().reduce<Date | undefined>((first, at) => first && first <= at ? first : at, undefined);
  }

  /** Whether any service owes an event since before `moment`, those that wait for their document included. */
  async owesSince(moment: Date): Promise<boolean> {
    const found = await Promise.all(serviceNames.map(service => this.database.collection<OutboxDocument>(OUTBOX).findOne({ service, at: { $lt: moment } }, { projection: { _id: 1 } })));
    return found.some(entry => entry !== null);
  }
}
