import { AuthenticatedCaller } from '@strowger/auth/token-introspector';
import { AccountsReader } from '@strowger/models/accounts/accounts.reader';
import { Reach, reachOf } from './reach';

/** Says what a caller reaches: which extension is whose stands in the accounts. */
export class CallersReach {
  constructor(private readonly accounts: Pick<AccountsReader, 'byIds'>) {}

  /** @throws a database error: nothing is decided by old facts */
  async of({ claims }: Pick<AuthenticatedCaller, 'claims'>): Promise<Reach> {
    const [account] = await this.accounts.byIds([claims.sub]);
    const [owner] = account?.owner === undefined ? [] : await this.accounts.byIds([account.owner]);
    return reachOf({ claims, username: account?.username ?? claims.sub, ...(account && { account }), ...(owner && { owner }) });
  }
}
