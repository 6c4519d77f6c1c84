import { decodeBatch } from '@strowger/contracts/cloud-event';
import { ServiceName } from '@strowger/contracts/event-catalogue';
import { Database } from '../database';
import { OUTBOX, OutboxDocument } from './outbox.schema';

const ENTRIES_A_PAGE = 50;

/** Reads which events a service still owes to the bus. */
export class OwedEventsReader {
  constructor(private readonly database: Database, private readonly service: ServiceName) {}

  /** Of these event ids, those that stand in an outbox entry made in [from, to). */
  async among(ids: ReadonlySet<string>, from: Date, to: Date): Promise<ReadonlySet<string>> {
    const owed = new Set<string>();
    let after: OutboxDocument | undefined, page: OutboxDocument[];
    do {
      page = await this.database.collection<OutboxDocument>(OUTBOX).find({
        service: this.service, at: { $gte: after?.at ?? from, $lt: to }, ...(after && { $or: [{ at: { $gt: after.at } }, { _id: { $gt: after._id } }] }),
      }).sort({ at: 1, _id: 1 }).limit(ENTRIES_A_PAGE).toArray();
      for (const { batch } of page) for (const id of idsIn(batch)) if (ids.has(id)) owed.add(id);
      after = page.at(-1);
    } while (page.length === ENTRIES_A_PAGE);
    return owed;
  }
}

function idsIn(batch: Uint8Array): string[] {
  try {
    return decodeBatch(batch).flatMap(event => typeof event === 'object' && event !== null && 'id' in event && typeof event.id === 'string' ? [event.id] : []);
  } catch {
    return [];      // a newer instance wrote it; its events count as not owed, and telling them twice is harmless
  }
}
