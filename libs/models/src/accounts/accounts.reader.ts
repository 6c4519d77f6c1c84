import { AccountFacts } from '@strowger/oauth-core/facts';
import { Database } from '../database';
import { Page, pageOf } from '../page';
import { ACCOUNTS, AccountDocument } from './accounts.schema';

export type Account = AccountFacts & Omit<AccountDocument, '_id' | keyof AccountFacts>;
export const accountOf = ({ _id, ...rest }: AccountDocument): Account => ({ id: _id, ...rest });
/** Usernames are compared without regard to case or surrounding white space. */
export const normalUsername = (typed: string): string => typed.trim().toLowerCase();

/** Reads accounts, for every service. */
export class AccountsReader {
  constructor(private readonly database: Database) {}

  async byIds(ids: readonly string[]): Promise<Account[]> { return this.find({ _id: { $in: [...ids] } }); }
  /** Accounts not deleted, by normal username. */
  async byUsernames(usernames: readonly string[]): Promise<Account[]> { return this.find({ live_username: { $in: [...usernames] } }); }
  /** Whom a name means in a tenant, of the accounts not deleted: the user with this username, else the one user with this e-mail, else the API access with it. */
  async named(tenantId: string, name: string): Promise<Account | undefined> {
    const [[named], mailed] = await Promise.all([this.find({ live_username: name, tenant_id: tenantId }), this.find({ email: name, tenant_id: tenantId, kind: 'user', status: { $ne: 'deleted' } })]);
    return named?.kind === 'user' || mailed.length === 0 ? named : mailed.length === 1 ? mailed[0] : undefined;
  }
  /** A tenant's accounts that are not deleted, or one account and the API accesses it owns, oldest first, after the id `after`. */
  async page({ tenantId, self, limit, after }: { tenantId: string; self?: string; limit: number; after?: string }): Promise<Page<Account>> {
    const found = await this.database.collection<AccountDocument>(ACCOUNTS).find({
      tenant_id: tenantId, status: { $ne: 'deleted' }, ...(self !== undefined && { $or: [{ _id: self }, { owner: self }] }), ...(after !== undefined && { _id: { $gt: after } }),
    }).sort({ _id: 1 }).limit(limit + 1).toArray();
    return pageOf(found.map(accountOf), limit);
  }

  private async find(filter: object): Promise<Account[]> {
    return (await this.database.collection<AccountDocument>(ACCOUNTS).find(filter).toArray()).map(accountOf);
  }
}
