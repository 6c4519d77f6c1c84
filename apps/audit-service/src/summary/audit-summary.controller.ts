import { Controller, Get, Query } from '@nestjs/common';
import { Caller } from '@strowger/auth/caller.decorator';
import { RequireScope } from '@strowger/auth/require-scope.decorator';
import type { AuthenticatedCaller } from '@strowger/auth/token-introspector';
import { parseAuditSummary } from './audit-summary.query';
import { SummarizeTrail } from './summarize-trail';

/** The trail of the caller's own tenant in figures, for charts; for auditors and administrators. */
@Controller('api/audit/summary')
@RequireScope('strowger:audit:read')
export class AuditSummaryController {
  constructor(private readonly summaries: SummarizeTrail) {}

  /**
   * How many events there were in each hour or day (UTC), by type, client or grant type; one that stands for a flood counts as many as it says.
   * @throws OAuthError invalid_request - see `parseAuditSummary`; too many values
   */
  @Get()
  async summary(@Caller() { claims }: AuthenticatedCaller, @Query() query: unknown) {
    const wanted = parseAuditSummary(query, new Date());
    const { items, total } = await this.summaries.run(claims.tenant_id, wanted);
    return { interval: wanted.interval, by: wanted.by, from: wanted.from, to: wanted.to, total, items };
  }
}
