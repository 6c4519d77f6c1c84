import { Controller, Get, Param, Query } from '@nestjs/common';
import { ApiError } from '@strowger/auth/api-error';
import { Caller } from '@strowger/auth/caller.decorator';
import { RequireScope } from '@strowger/auth/require-scope.decorator';
import type { AuthenticatedCaller } from '@strowger/auth/token-introspector';
import type { AccessTokenDocument } from '@strowger/models/access-tokens/access-tokens.schema';
import type { AccessTokenClaims, ApplicationFacts } from '@strowger/oauth-core/facts';
import { mayDo } from '@strowger/oauth-core/rights';
import { scopeNamed } from '../catalogue/scope-name';
import type { Gathered } from './gather-page';
import { cursorOf, ReachPosition, ReachQuery } from './reach.query';
import { WhoReaches } from './who-reaches';

/** What a token must carry besides, to be told of applications or of tokens. */
const also = { applications: 'strowger:applications:read', tokens: 'strowger:tokens:read' } as const;

/** Who can do what a scope names. */
@Controller('api/scopes')
@RequireScope('strowger:scopes:read')
export class ScopeReachController {
  constructor(private readonly reaches: WhoReaches) {}

  /**
   * The applications that can be given it and the live tokens that carry it, level and all other ceilings considered.
   * @throws ZodError - a bad or unknown parameter
   * @throws OAuthError invalid_scope, invalid_request - no scope, see `scopeNamed`
   * @throws ApiError 403 - the token lacks the scope for what it asks of; 404 - nobody ever announced such a scope
   */
  @Get(':scope/reach')
  async reach(@Caller() { claims }: AuthenticatedCaller, @Param('scope') name: string, @Query() query: unknown) {
    const parsed = ReachQuery.parse(query), scope = scopeNamed(name);
    if (parsed.of !== 'tokens') assertMay(claims, also.applications);
    if (parsed.of !== 'applications') assertMay(claims, also.tokens);
    const { announced, applications, tokens } = await this.reaches.run(scope, claims, parsed);
    const own = announced.find(one => one._id === scope);
    return {
      scope, status: own?.status ?? (announced.every(one => one.status === 'withdrawn') ? 'withdrawn' : 'active'),
      ...(own?.successor !== undefined && { successor: own.successor }), ...(own && { access_level: own.access_level }), announced: announced.length,
      ...(applications && { applications: page(applications, shownApplication) }), ...(tokens && { tokens: page(tokens, shownToken) }),
    };
  }
}

function assertMay(claims: AccessTokenClaims, scope: string): void {
  const decision = mayDo(claims, { scope, write: false });
  if (!decision.allowed) throw new ApiError(403, decision.error, decision.description, { status: decision.status, ...(decision.scope !== undefined && { scope: decision.scope }) });
}

const page = <T, P extends ReachPosition, S>({ items, next, count, complete }: Gathered<T, P>, shown: (item: T) => S) =>
  ({ ...(count !== undefined && { count, complete }), items: items.map(shown), next_cursor: next === undefined ? null : cursorOf(next) });

const shownApplication = ({ client_id, id, name, type, access_level, scope, owner }: ApplicationFacts) => ({ client_id, application_id: id, name, type, access_level, scope, owner });

/** Never anything that could be used as a token. */
const shownToken = ({ _id, client_id, client_name, application_id, sub, username, scope, exp, switchboards, act }: AccessTokenDocument) => ({
  token_id: _id.toString('base64url'), client_id, client_name, application_id, account_id: sub, username, scope, expires_at: new Date(exp * 1000),
  ...(switchboards && { switchboards }), ...(act && { act }),
});
