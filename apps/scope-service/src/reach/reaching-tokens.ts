import { AccessTokenDocument, claimsOf } from '@strowger/models/access-tokens/access-tokens.schema';
import { LiveTokensReader } from '@strowger/models/access-tokens/live-tokens.reader';
import { AccountsReader } from '@strowger/models/accounts/accounts.reader';
import { GrantReads, activeStanding } from '@strowger/oauth-core/active-token';
import { AccessTokenClaims } from '@strowger/oauth-core/facts';
import { Facts } from '@strowger/oauth-core/ports';
import { Reach } from '@strowger/oauth-core/reach';
import { Stretch } from './gather-page';
import { AccountPosition } from './reach.query';
import { seesTenant } from './sees-tenant';

const ACCOUNTS_AT_ONCE = 200, TOKENS_AT_ONCE = 200;
type Found = Stretch<AccessTokenDocument, AccountPosition>;

/** Finds the live tokens that reach what is asked, judged like introspected ones by what the database says now. */
export class ReachingTokens {
  constructor(private readonly tokens: LiveTokensReader, private readonly accounts: AccountsReader, private readonly grants: GrantReads, private readonly now: () => Date) {}

  /** Those of the tenant's accounts, or the caller's and of the API accesses it owns; in order of account, end and id. */
  async *walk(reach: Reach, caller: AccessTokenClaims, facts: Facts, after?: AccountPosition): AsyncGenerator<Found> {
    const self = seesTenant(caller.role) ? undefined : caller.sub;
    const begun = after?.token && await this.isSeen(caller, after.account) ? [after.account] : [];
    if (after && begun.length > 0) yield* this.ofAccounts(begun, reach, caller, facts, after);
    for (let last = after?.account; ;) {
      const { items, next } = await this.accounts.page({ tenantId: caller.tenant_id, limit: ACCOUNTS_AT_ONCE, ...(self !== undefined && { self }), ...(last !== undefined && { after: last }) });
      if (items.length > 0) yield* this.ofAccounts(items.map(account => account.id), reach, caller, facts);
      if (next === undefined) return;
      last = next;
    }
  }

  /** `accounts` in order. */
  private async *ofAccounts(accounts: readonly string[], reach: Reach, caller: AccessTokenClaims, facts: Facts, from?: AccountPosition): AsyncGenerator<Found> {
    for (let after = from, left = accounts; ;) {
      const tokens = await this.tokens.ofAccounts(left, this.now(), TOKENS_AT_ONCE, after?.token && { account: after.account, ...after.token });
      const last = tokens.at(-1), done = tokens.length < TOKENS_AT_ONCE || !last;
      const wanted = await Promise.all(tokens.map(token => this.isWanted(token, reach, caller, facts)));
      const found = tokens.flatMap((item, index) => (wanted[index] ? [{ item, position: positionOf(item) }] : []));
      yield { found, looked: tokens.length, end: done ? { of: 'tokens', account: accounts.at(-1) ?? '' } : positionOf(last) };
      if (done) return;
      after = positionOf(last);
      left = left.slice(left.indexOf(last.sub));
    }
  }

  private async isWanted(token: AccessTokenDocument, reach: Reach, { tenant_id }: AccessTokenClaims, facts: Facts): Promise<boolean> {
    return token.tenant_id === tenant_id && reach.includes(token) && await activeStanding(claimsOf(token), { facts, grants: this.grants }, { fresh: true }) !== undefined;
  }

  private async isSeen({ sub, tenant_id, role }: AccessTokenClaims, id: string): Promise<boolean> {
    const [account] = await this.accounts.byIds([id]);
    return account?.tenant_id === tenant_id && (seesTenant(role) || account.id === sub || account.owner === sub);
  }
}

const positionOf = ({ sub, exp, _id }: AccessTokenDocument): AccountPosition => ({ of: 'tokens', account: sub, token: { exp, id: _id } });
