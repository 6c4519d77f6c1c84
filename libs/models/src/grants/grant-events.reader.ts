import { StrowgerEvent } from '@strowger/contracts/event-catalogue';
import { Database } from '../database';
import { EventSource, eventIdOf, makeEvent } from '../outbox/make-event';
import { PastEvent, PastEvents } from '../outbox/past-events';
import { GrantDocument, GRANTS } from './grants.schema';

const CREATED_VERSION = 1;
const idOf = (grantId: string): string => eventIdOf(GRANTS, grantId, CREATED_VERSION, 'grant.created');

/** Stored grants as the events `grant.created`. Address and client of the request do not stand in a grant: the event made again goes without. */
export class GrantEventsReader implements PastEvents {
  constructor(private readonly database: Database) {}

  async between(from: Date, to: Date, limit: number): Promise<PastEvent[]> {
    const found = await this.grants().find({ created_at: { $gte: from, $lt: to } }, { projection: { _id: 1 } }).limit(limit).toArray();
    return found.map(({ _id }) => ({ id: idOf(_id), document: _id }));
  }

  async again(events: readonly PastEvent[], source: EventSource): Promise<StrowgerEvent[]> {
    const ids = events.flatMap(({ document }) => typeof document === 'string' ? [document] : []);
    return (await this.grants().find({ _id: { $in: ids } }).toArray()).map(({ _id, tenant_id, account_id, application_id, scope, created_at }) =>
      makeEvent(source, 'grant.created', idOf(_id), _id, created_at, {
        tenant_id, version: CREATED_VERSION, by: { account_id }, grant_id: _id, application_id, account_id, scope,
      }));
  }

  private grants() { return this.database.collection<GrantDocument>(GRANTS); }
}
