import { notFound } from '@strowger/auth/api-error';
import { AccessTokenDocument } from '@strowger/models/access-tokens/access-tokens.schema';
import { Database } from '@strowger/models/database';
import { DatabaseFacts } from '@strowger/models/database-facts';
import { ScopesReader } from '@strowger/models/scopes/scopes.reader';
import { ScopeDocument } from '@strowger/models/scopes/scopes.schema';
import { AccessTokenClaims, ApplicationFacts } from '@strowger/oauth-core/facts';
import { Reach } from '@strowger/oauth-core/reach';
import { gatherPage, Gathered } from './gather-page';
import { AccountPosition, ApplicationPosition, ReachQuery } from './reach.query';
import { ReachingApplications } from './reaching-applications';
import { ReachingTokens } from './reaching-tokens';

/** More announced scopes than a deployment's services can have. */
const MOST_SCOPES = 50_000;

/** Who reaches a scope. `announced`: it, or what was announced below it, of which a holder reaches all. */
export interface Reached {
  readonly announced: readonly ScopeDocument[];
  readonly applications?: Gathered<ApplicationFacts, ApplicationPosition>;
  readonly tokens?: Gathered<AccessTokenDocument, AccountPosition>;
}

/** Finds out who can do what a scope names, in the caller's tenant. */
export class WhoReaches {
  constructor(private readonly database: Database, private readonly scopes: ScopesReader, private readonly applications: ReachingApplications, private readonly tokens: ReachingTokens) {}

  /** @throws ApiError 404 - neither the scope nor anything below it was ever announced */
  async run(scope: string, caller: AccessTokenClaims, { of, limit, cursor }: ReachQuery): Promise<Reached> {
    const all = await this.scopes.within([scope], { limit: MOST_SCOPES });
    if (all.length === 0) throw notFound('announced scope');
    const grantable = all.filter(one => one.status !== 'withdrawn'), announced = grantable.length > 0 ? grantable : all;
    const reach = new Reach(announced.map(({ _id, access_level, opens }) => ({ scope: _id, access_level, opens })));
    const facts = new DatabaseFacts(this.database), counts = cursor === undefined;
    return {
      announced,
      ...(of !== 'tokens' && { applications: await gatherPage(this.applications.walk(reach, caller, facts, cursor?.of === 'applications' ? cursor : undefined), limit, counts) }),
      ...(of !== 'applications' && { tokens: await gatherPage(this.tokens.walk(reach, caller, facts, cursor?.of === 'tokens' ? cursor : undefined), limit, counts) }),
    };
  }
}
