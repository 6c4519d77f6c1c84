import { Controller, Get, Param, Query } from '@nestjs/common';
import { notFound } from '@strowger/auth/api-error';
import { RequireScope } from '@strowger/auth/require-scope.decorator';
import type { ScopeChangeDocument } from '@strowger/models/scope-changes/scope-changes.schema';
import { ScopeChangesReader } from '@strowger/models/scope-changes/scope-changes.reader';
import { ScopesReader } from '@strowger/models/scopes/scopes.reader';
import { scopeNamed } from '../catalogue/scope-name';
import { cursorBefore, ScopeHistoryQuery } from './scope-history.query';

/** What became of the scopes of the catalogue, the same for every tenant. */
@Controller('api/scopes')
@RequireScope('strowger:scopes:read')
export class ScopeHistoryController {
  constructor(private readonly scopes: ScopesReader, private readonly changes: ScopeChangesReader) {}

  /**
   * A page of the changes of one announced scope, newest first.
   * @throws ZodError - a bad or unknown parameter
   * @throws OAuthError invalid_scope, invalid_request - no scope, see `scopeNamed`
   * @throws ApiError 404 - nobody ever announced this very scope
   */
  @Get(':scope/history')
  async history(@Param('scope') name: string, @Query() query: unknown) {
    const { limit, cursor } = ScopeHistoryQuery.parse(query), scope = scopeNamed(name);
    const [known, found] = await Promise.all([this.scopes.byId(scope), this.changes.ofScope(scope, limit + 1, cursor)]);
    if (!known) throw notFound('announced scope');
    const page = found.slice(0, limit), last = page.at(-1);
    return { scope, status: known.status, items: page.map(shown), next_cursor: last && found.length > limit ? cursorBefore(last.version) : null };
  }
}

const shown = ({ _id, version, at, what, status, announced_by, changes }: ScopeChangeDocument) => ({ version, at, what, status, announced_by, changes, event_id: _id });
