import { encodeBatch } from '@strowger/contracts/cloud-event';
import { isEventType, ServiceName, StrowgerEvent } from '@strowger/contracts/event-catalogue';
import { Outbox, OutboxEntry } from '@strowger/contracts/outbox';
import { ACCESS_TOKENS } from '../access-tokens/access-tokens.schema';
import { Database } from '../database';
import { GRANTS } from '../grants/grants.schema';
import { OUTBOX, OutboxDocument } from './outbox.schema';

const LONGEST_PAUSE_SECONDS = 60;

/** Where the document stands that an event was inserted beside: its collection and `_id`. */
const documentOf = (event: StrowgerEvent): { collection: string; id: Buffer | string } | undefined => {
  const data: Record<string, unknown> = event.data;
  switch (event.type) {
    case 'token.issued':
    case 'impersonation.started':
      return { collection: ACCESS_TOKENS, id: Buffer.from(String(data['token_id']), 'base64url') };
    case 'grant.created':
      return { collection: GRANTS, id: String(data['grant_id']) };
    default:
      return undefined;
  }
};
const keyOf = (collection: string, id: Buffer | string): string => `${collection} ${typeof id === 'string' ? id : id.toString('base64url')}`;

/** The outbox of one service, as the relay sees it. */
export class OutboxStore extends Outbox {
  constructor(private readonly database: Database, private readonly service: ServiceName) { super(); }

  override async owed(limit: number, after?: OutboxEntry): Promise<OutboxEntry[]> {
    const now = new Date();
    const beyond = after ? [{ at: { $gt: after.at } }, { at: after.at, _id: { $gt: Buffer.from(after.id, 'base64url') } }] : undefined;
    const found = await this.collection().find({
      service: this.service,
      $and: [{ $or: [{ next_look: { $exists: false } }, { next_look: { $lte: now } }] }, ...(beyond ? [{ $or: beyond }] : [])],
    }).sort({ at: 1, _id: 1 }).limit(limit).toArray();
    return found.map(({ _id, subject, batch, sure, at, until }) => ({ id: _id.toString('base64url'), subject, batch, sure, at, ...(until && { until }) }));
  }

  override async existing(events: readonly StrowgerEvent[]): Promise<ReadonlySet<string>> {
    const wanted = events.flatMap(event => {
      const document = isEventType(event.type) ? documentOf(event) : undefined;
      return document ? [{ event, ...document }] : [];
    });
    const present = new Set<string>();
    for (const collection of new Set(wanted.map(one => one.collection))) {
      const ids = wanted.filter(one => one.collection === collection).map(one => one.id);
      const found = await this.database.collection<{ _id: Buffer | string }>(collection).find({ _id: { $in: ids } }, { projection: { _id: 1 } }).toArray();
      for (const { _id } of found) present.add(keyOf(collection, _id));
    }
    return new Set(wanted.filter(one => present.has(keyOf(one.collection, one.id))).map(one => one.event.id));
  }

  override async delete(ids: readonly string[]): Promise<void> {
    await this.collection().deleteMany({ _id: { $in: ids.map(id => Buffer.from(id, 'base64url')) } });
  }

  override async keepAbsent(entry: OutboxEntry, events: readonly StrowgerEvent[]): Promise<void> {
    const _id = Buffer.from(entry.id, 'base64url');
    const before = await this.collection().findOne({ _id }, { projection: { absent: 1 } });
    if (!before) return;
    const looks = (before.absent ?? 0) + 1;
    const pause = Math.min(2 ** (looks - 1), LONGEST_PAUSE_SECONDS);
    await this.collection().updateOne({ _id }, { $set: { batch: encodeBatch(events), absent: looks, next_look: new Date(Date.now() + pause * 1000) } });
  }

  /** When the oldest entry of this service was made that is not waiting for its document to appear; undefined: nothing is owed. */
  async oldest(): Promise<Date | undefined> {
    return (await this.collection().find({ service: this.service, absent: { $exists: false } }).sort({ at: 1 }).limit(1).toArray())[0]?.at;
  }

  private collection() { return this.database.collection<OutboxDocument>(OUTBOX); }
}
