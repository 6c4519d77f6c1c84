import { Account, AccountsReader } from '@strowger/models/accounts/accounts.reader';
import { AccessTokenClaims } from '@strowger/oauth-core/facts';

type Caller = Pick<AccessTokenClaims, 'sub' | 'tenant_id' | 'role'>;

const AT_ONCE = 50;

/** Whose tokens a caller may see and revoke: an administrator those of the tenant, others their own and those of API accesses they own. */
export class ReachedAccounts {
  constructor(private readonly accounts: AccountsReader) {}

  async reaches({ sub, tenant_id, role }: Caller, accountId: string): Promise<boolean> {
    const [account] = await this.accounts.byIds([accountId]);
    return account?.tenant_id === tenant_id && (role === 'administrator' || account.id === sub || account.owner === sub);
  }

  /** The accounts that are not deleted, by id, those after the id `after`. */
  async *after({ sub, tenant_id, role }: Caller, after?: string): AsyncGenerator<Account> {
    for (let last = after; ;) {
      const { items, next } = await this.accounts.page({ tenantId: tenant_id, limit: AT_ONCE, ...(role !== 'administrator' && { self: sub }), ...(last !== undefined && { after: last }) });
      yield* items;
      if (next === undefined) return;
      last = next;
    }
  }
}
