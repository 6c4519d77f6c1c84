import { AccountFacts, Actor, ApplicationFacts } from './facts';
import { Facts } from './ports';
import { ActingAccount, Standing } from './standing';

/** Reads what stands behind an account and an application, and behind who acts for it; undefined where a part is missing. The tenant is the account's. */
export async function standingOf(facts: Facts, application: ApplicationFacts, account: AccountFacts | undefined, how?: { fresh: boolean }, act?: Actor): Promise<Standing | undefined> {
  if (!account) return undefined;
  const [tenant, owner, actors] = await Promise.all([facts.tenant(account.tenant_id, how), ownerOf(facts, account, how), actorsOf(facts, act, how)]);
  if (!tenant || (account.kind === 'api_access' && !owner) || (act && !actors)) return undefined;
  return { tenant, application, account, ...(owner && { owner }), ...(actors && { actors }) };
}

const ownerOf = async (facts: Facts, { kind, owner }: AccountFacts, how?: { fresh: boolean }): Promise<AccountFacts | undefined> =>
  kind === 'api_access' && owner !== undefined ? facts.account(owner, how) : undefined;

/** Who acts, outermost first. */
async function actorsOf(facts: Facts, act: Actor | undefined, how?: { fresh: boolean }): Promise<ActingAccount[] | undefined> {
  if (!act) return undefined;
  const actors: ActingAccount[] = [];
  for (const id of actorIds(act)) {
    const account = await facts.account(id, how), owner = account && await ownerOf(facts, account, how);
    if (!account || !owner) return undefined;
    actors.push({ account, owner });
  }
  return actors;
}

/** The accounts of a chain of actors, outermost first (RFC 8693 §4.1). */
export function actorIds(act: Actor | undefined): string[] {
  const ids: string[] = [];
  for (let one = act; one; one = one.act) ids.push(one.sub);
  return ids;
}
