import { Controller, Get, Query } from '@nestjs/common';
import { RequireScope } from '@strowger/auth/require-scope.decorator';
import type { ScopeDocument } from '@strowger/models/scopes/scopes.schema';
import { ScopesReader } from '@strowger/models/scopes/scopes.reader';
import { cursorAfter, ScopeListQuery, ScopeResolveQuery, ScopeTreeQuery } from './scope-list.query';
import { resolvedScope } from './resolved-scope';
import { scopeTree } from './scope-tree';

/** The catalogue of scopes, the same for every tenant: it belongs to the deployment. */
@Controller('api/scopes')
@RequireScope('strowger:scopes:read')
export class ScopesController {
  constructor(private readonly scopes: ScopesReader) {}

  /** A page of the catalogue in order of scope, withdrawn scopes among them. @throws ZodError - a bad or unknown parameter */
  @Get()
  async list(@Query() query: unknown) {
    const { api_type, module, q, limit, cursor } = ScopeListQuery.parse(query);
    const found = await this.scopes.list({ api_type, module, text: q, after: cursor, limit: limit + 1 });
    const page = found.slice(0, limit);
    const last = page.at(-1);
    return { items: page.map(shown), next_cursor: last && found.length > limit ? cursorAfter(last._id) : null };
  }

  /** The whole catalogue, type → module → verb → sub; a scope that cannot be granted any more is `withdrawn`. @throws ZodError - an unknown parameter */
  @Get('tree')
  async tree(@Query() query: unknown) {
    ScopeTreeQuery.parse(query);
    return { items: scopeTree(await this.scopes.all()) };
  }

  /**
   * What a scope string means today.
   * @throws ZodError - a bad or unknown parameter
   * @throws OAuthError invalid_scope - bad syntax
   */
  @Get('resolve')
  async resolve(@Query() query: unknown) {
    const { scope } = ScopeResolveQuery.parse(query);
    return resolvedScope(scope, await this.scopes.standings());
  }
}

const shown = ({ _id, api_type, module, description, access_level, announced_by, status, successor }: ScopeDocument) =>
  ({ scope: _id, api_type, module, description, access_level, announced_by, status, ...(successor !== undefined && { successor }) });
