import { Database } from '../database';
import { SCOPES, ScopeDocument } from './scopes.schema';

/** Reads the scope catalogue, for every service. */
export class ScopesReader {
  constructor(private readonly database: Database) {}

  /** The leaf scopes that can be granted: active and deprecated ones. */
  async grantable(): Promise<string[]> {
    const found = await this.database.collection<ScopeDocument>(SCOPES).find({ status: { $ne: 'withdrawn' } }, { projection: { _id: 1 } }).toArray();
    return found.map(scope => scope._id);
  }
}
