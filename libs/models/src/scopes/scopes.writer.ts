import { mongo } from 'mongoose';
import { StrowgerEvent } from '@strowger/contracts/event-catalogue';
import { Database } from '../database';
import { ChangeRecorder } from '../outbox/change-recorder';
import { EventSource, eventIdOf, makeEvent } from '../outbox/make-event';
import { scopeChangeOf } from '../scope-changes/scope-change-of';
import { SCOPE_CHANGES, ScopeChangeDocument } from '../scope-changes/scope-changes.schema';
import { SCOPES, ScopeDocument } from './scopes.schema';

const DUPLICATE_KEY = 11000;

/** A change of the catalogue: what a scope was (absent: it was not there) and what it becomes, its version raised by one. */
export interface ScopeChange {
  readonly type: 'scope.announced' | 'scope.withdrawn';
  readonly before?: ScopeDocument;
  readonly after: ScopeDocument;
}

/** Another instance changed one of these scopes meanwhile: nothing of the page was written; read again and judge anew. */
export class ScopesMoved extends Error { override readonly name = 'ScopesMoved'; }

/** Changes the scope catalogue. Only scope-service has one. */
export class ScopesWriter {
  constructor(private readonly database: Database, private readonly recorder: ChangeRecorder) {}

  /** The service's own scopes, withdrawn ones too, and the founding scope of each of `modules` (`type:module`) whoever has it. */
  async concernedBy(service: string, modules: readonly string[]): Promise<ScopeDocument[]> {
    return this.scopes().find({ $or: [{ announced_by: service }, { founds: { $in: [...modules] } }] }).toArray();
  }

  /** Scopes, not withdrawn, that nobody announced since `since`; at most `limit`. */
  async silentSince(since: Date, limit: number): Promise<ScopeDocument[]> {
    return this.scopes().find({ status: { $ne: 'withdrawn' }, last_seen: { $lt: since } }).sort({ _id: 1 }).limit(limit).toArray();
  }

  /** Notes that the service has just announced these scopes: no change, so no version and no event. */
  async seen(service: string, scopes: readonly string[]): Promise<void> {
    await this.scopes().updateMany({ _id: { $in: [...scopes] }, announced_by: service, status: { $ne: 'withdrawn' } }, { $currentDate: { last_seen: true } });
  }

  /**
   * Makes the changes, their history and their events one transaction, each by compare-and-set on `version`.
   * @throws ScopesMoved - one of them was changed, announced or (if it is to be withdrawn) seen again since it was read
   */
  async change(changes: readonly ScopeChange[]): Promise<void> {
    const operations = changes.map(operationOf), at = new Date();
    const history = changes.map(({ type, before, after }) => scopeChangeOf(eventIdOf(SCOPES, after._id, after.version, type), at, before, after));
    if (changes.length === 0) return;
    try {
      await this.recorder.record(async session => {
        const { insertedCount, matchedCount } = await this.scopes().bulkWrite(operations, { session });
        if (insertedCount + matchedCount !== changes.length) throw new ScopesMoved('a scope was changed meanwhile');
        await this.database.collection<ScopeChangeDocument>(SCOPE_CHANGES).insertMany(history, { session });
        return { result: undefined, events: changes.map(change => eventOf(this.recorder.source, at, change)) };
      });
    } catch (error) {
      if (error instanceof mongo.MongoServerError && error.code === DUPLICATE_KEY) throw new ScopesMoved('a scope or its module was announced meanwhile', { cause: error });
      throw error;
    }
  }

  private scopes() { return this.database.collection<ScopeDocument>(SCOPES); }
}

function operationOf({ type, before, after }: ScopeChange): mongo.AnyBulkWriteOperation<ScopeDocument> {
  if (!before) return { insertOne: { document: after } };
  // last_seen moves without a new version: who is announced again while being withdrawn stays.
  const asRead = { _id: before._id, version: before.version, ...(type === 'scope.withdrawn' && { last_seen: before.last_seen }) };
  return { replaceOne: { filter: asRead, replacement: after } };
}

function eventOf(source: EventSource, at: Date, { type, after }: ScopeChange): StrowgerEvent {
  const { _id, version, tenant_id, description, access_level, announced_by } = after;
  return makeEvent(source, type, eventIdOf(SCOPES, _id, version, type), _id, at, { tenant_id, version, scope: _id, description, access_level, announced_by });
}
