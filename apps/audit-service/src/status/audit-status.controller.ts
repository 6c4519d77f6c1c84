import { Controller, Get, Query } from '@nestjs/common';
import { z } from 'zod';
import { Caller } from '@strowger/auth/caller.decorator';
import { RequireScope } from '@strowger/auth/require-scope.decorator';
import type { AuthenticatedCaller } from '@strowger/auth/token-introspector';
import { AuditDeadLettersReader } from '@strowger/models/audit-dead-letters/audit-dead-letters.reader';
import { AuditEventsReader } from '@strowger/models/audit-events/audit-events.reader';
import { ReconciliationsReader } from '@strowger/models/reconciliations/reconciliations.reader';
import { TrailWatch } from './trail-watch';

const NoParameters = z.strictObject({});

/** How far the trail has come. */
@Controller('api/audit/status')
@RequireScope('strowger:audit:read')
export class AuditStatusController {
  constructor(private readonly events: AuditEventsReader, private readonly letters: AuditDeadLettersReader, private readonly watch: TrailWatch, private readonly reconciliations: ReconciliationsReader) {}

  /**
   * `lag`: messages on the stream that are not recorded yet, null where the bus cannot be asked. `oldest_owed_at`: when the oldest change was made
   * whose event has not reached the stream, of any tenant. `last_event`: the newest of the caller's tenant. `dead_letters`: what came over the bus and
   * is no event, of the whole deployment. `documents_without_event`: tokens and grants of the deployment that stood without their event and had it told again, up to
   * which moment all were compared; null where nothing was ever compared. `stale_since`: since when the trail may lack something, null while it is current.
   */
  @Get()
  async status(@Caller() { claims }: AuthenticatedCaller, @Query() query: unknown) {
    NoParameters.parse(query);
    const lag = await this.watch.behind();
    const [[last], oldestOwed, deadLetters, reconciled] = await Promise.all([this.events.page(claims.tenant_id, {}, 1), this.watch.oldestOwed(), this.letters.count(), this.reconciliations.read()]);
    const staleSince = await this.watch.staleSince(() => Promise.resolve(last?.recorded_at));
    return {
      lag: lag ?? null, oldest_owed_at: oldestOwed ?? null,
      last_event: last ? { id: last._id, type: last.type, time: last.time, recorded_at: last.recorded_at } : null,
      dead_letters: deadLetters, documents_without_event: reconciled ?? null, stale_since: staleSince ?? null,
    };
  }
}
