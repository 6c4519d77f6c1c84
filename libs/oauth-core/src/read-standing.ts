import { AccountFacts, ApplicationFacts } from './facts';
import { Facts } from './ports';
import { Standing } from './standing';

/** Reads what stands behind an account and an application; undefined where a part is missing. The tenant is the account's. */
export async function standingOf(facts: Facts, application: ApplicationFacts, account: AccountFacts | undefined, how?: { fresh: boolean }): Promise<Standing | undefined> {
  if (!account) return undefined;
  const [tenant, owner] = await Promise.all([
    facts.tenant(account.tenant_id, how),
    account.kind === 'api_access' && account.owner !== undefined ? facts.account(account.owner, how) : undefined,
  ]);
  if (!tenant || (account.kind === 'api_access' && !owner)) return undefined;
  return { tenant, application, account, ...(owner && { owner }) };
}
