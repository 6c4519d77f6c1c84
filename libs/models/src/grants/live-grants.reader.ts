import { GrantFacts } from '@strowger/oauth-core/refresh-token';
import { Database } from '../database';
import { GrantDocument, GRANTS } from './grants.schema';

const LONGEST_QUERY_MS = 4000;

/** Finds grants by whose they are. */
export class LiveGrantsReader {
  constructor(private readonly database: Database) {}

  /** Active grants of an account to an application, at most `limit`. */
  async active(accountId: string, applicationId: string, limit: number): Promise<GrantFacts[]> {
    const found = await this.grants().find({ account_id: accountId, application_id: applicationId, status: 'active' }).limit(limit).maxTimeMS(LONGEST_QUERY_MS).toArray();
    return found.map(({ _id, ...rest }) => ({ id: _id, ...rest }));
  }

  /** When each of these applications last was given a token by a grant of the account, to some seconds; none where it never was. */
  async lastUsed(accountId: string, applicationIds: readonly string[]): Promise<ReadonlyMap<string, Date>> {
    const found = await this.grants().aggregate<{ _id: string; rotated: Date | null; used: Date | null; created: Date | null }>([
      { $match: { account_id: accountId, application_id: { $in: [...applicationIds] } } },
      { $group: { _id: '$application_id', rotated: { $max: '$rotated_at' }, used: { $max: '$code.used_at' }, created: { $max: { $cond: [{ $eq: [{ $type: '$code' }, 'missing'] }, '$created_at', null] } } } },
    ], { maxTimeMS: LONGEST_QUERY_MS }).toArray();
    return new Map(found.flatMap(({ _id, rotated, used, created }) => {
      const times = [rotated, used, created].flatMap(time => (time ? [time.getTime()] : []));
      return times.length === 0 ? [] : [[_id, new Date(Math.max(...times))] as const];
    }));
  }

  private grants() { return this.database.collection<GrantDocument>(GRANTS); }
}
