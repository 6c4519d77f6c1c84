import { Controller, Get, Param, Query } from '@nestjs/common';
import { notFound } from '@strowger/auth/api-error';
import { Caller } from '@strowger/auth/caller.decorator';
import { RequireScope } from '@strowger/auth/require-scope.decorator';
import type { AuthenticatedCaller } from '@strowger/auth/token-introspector';
import { auditCursor } from '@strowger/models/audit-events/audit-cursor';
import { AuditEventsReader } from '@strowger/models/audit-events/audit-events.reader';
import { TrailWatch } from '../status/trail-watch';
import { parseAuditQuery, parseEventId } from './audit-events.query';
import { answerOf } from './event-answer';

/** The trail of the caller's own tenant, for auditors and administrators. */
@Controller('api/audit/events')
@RequireScope('strowger:audit:read')
export class AuditEventsController {
  constructor(private readonly events: AuditEventsReader, private readonly watch: TrailWatch) {}

  /**
   * A page of the trail, newest first by `time`, then `id`. `stale_since`: since when events may be missing, null while the trail is current.
   * @throws OAuthError invalid_request - see `parseAuditQuery`
   */
  @Get()
  async list(@Caller() { claims: { tenant_id } }: AuthenticatedCaller, @Query() query: unknown) {
    const { filter, limit, after } = parseAuditQuery(query);
    const staleSince = await this.watch.staleSince(async () => (await this.events.page(tenant_id, {}, 1))[0]?.recorded_at);
    const found = await this.events.page(tenant_id, filter, limit + 1, after);
    const items = found.slice(0, limit);
    const last = items.at(-1);
    return {
      items: items.map(answerOf), next_cursor: last && found.length > limit ? auditCursor({ time: last.time, id: last._id }) : null, stale_since: staleSince ?? null,
    };
  }

  /**
   * One event.
   * @throws ApiError not_found - there is none, or it is another tenant's
   * @throws OAuthError invalid_request - this is no event's id, or there are parameters
   */
  @Get(':id')
  async one(@Caller() { claims: { tenant_id } }: AuthenticatedCaller, @Param('id') id: string, @Query() query: unknown) {
    const event = await this.events.byId(tenant_id, parseEventId(id, query));
    if (!event) throw notFound('event');
    return answerOf(event);
  }
}
