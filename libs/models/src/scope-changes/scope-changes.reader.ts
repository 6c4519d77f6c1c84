import { Database } from '../database';
import { SCOPE_CHANGES, ScopeChangeDocument } from './scope-changes.schema';

/** Reads what became of scopes. */
export class ScopeChangesReader {
  constructor(private readonly database: Database) {}

  /** The changes of a scope, newest first, those before the version `before`; at most `limit`. */
  async ofScope(scope: string, limit: number, before?: number): Promise<ScopeChangeDocument[]> {
    return this.database.collection<ScopeChangeDocument>(SCOPE_CHANGES)
      .find({ scope, ...(before !== undefined && { version: { $lt: before } }) }).sort({ scope: -1, version: -1 }).limit(limit).toArray();
  }
}
