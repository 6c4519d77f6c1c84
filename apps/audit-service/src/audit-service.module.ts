import { DynamicModule, FactoryProvider, InjectionToken, Module } from '@nestjs/common';
import { APP_FILTER, APP_GUARD, Reflector } from '@nestjs/core';
import { Registry } from 'prom-client';
import { ApiErrorFilter } from '@strowger/auth/api-error.filter';
import { BearerGuard } from '@strowger/auth/bearer.guard';
import { HttpTokenIntrospector } from '@strowger/auth/http-token-introspector';
import { RequestLimit } from '@strowger/auth/request-limit';
import { ScopeAnnouncer } from '@strowger/auth/scope-announcer';
import { TokenIntrospector } from '@strowger/auth/token-introspector';
import { Bus } from '@strowger/messaging/bus';
import { JetStreamServer } from '@strowger/messaging/jetstream-server';
import { AuditDeadLettersReader } from '@strowger/models/audit-dead-letters/audit-dead-letters.reader';
import { AuditDeadLettersWriter } from '@strowger/models/audit-dead-letters/audit-dead-letters.writer';
import { AuditEventsReader } from '@strowger/models/audit-events/audit-events.reader';
import { AuditEventsWriter } from '@strowger/models/audit-events/audit-events.writer';
import { AuditSummaryReader } from '@strowger/models/audit-events/audit-summary.reader';
import { AuditPostingsStore } from '@strowger/models/audit-postings/audit-postings.store';
import { AuditPostingsWriter } from '@strowger/models/audit-postings/audit-postings.writer';
import { Database } from '@strowger/models/database';
import { OwedReader } from '@strowger/models/outbox/owed.reader';
import { RateLimitsStore } from '@strowger/models/rate-limits/rate-limits.store';
import { ReconciliationsReader } from '@strowger/models/reconciliations/reconciliations.reader';
import { makeLog } from '@strowger/service/service-log';
import { StartUp } from '@strowger/service/start-up';
import { AuditServiceConfig } from './audit-service.config';
import { AuditExportController } from './export/audit-export.controller';
import { ExportTrail } from './export/export-trail';
import { ownScopes } from './own-scopes';
import { prepareDatabase } from './prepare-database';
import { AuditEventsController } from './queries/audit-events.controller';
import { tooLong } from './queries/too-long';
import { FilePostings } from './recording/file-postings';
import { RecordMessages } from './recording/record-messages';
import { RecordingController } from './recording/recording.controller';
import { TrailMetrics } from './recording/trail-metrics';
import { AuditStatusController } from './status/audit-status.controller';
import { TrailWatch } from './status/trail-watch';
import { AuditSummaryController } from './summary/audit-summary.controller';
import { SummarizeTrail } from './summary/summarize-trail';

export const SERVICE = 'audit-service';
/** The more events are recorded at once, the less each costs the database: under load the trail is up to a tenth of a second later for it. */
const MESSAGES_AT_ONCE = 32, BYTES_AT_ONCE = 1024 * 1024, GATHER_MS = 100;
/** A provider from its parts; Nest hands them over in the order of `inject`. */
const provide = <T>(provided: InjectionToken<T>, inject: InjectionToken[], useFactory: (...parts: never[]) => T): FactoryProvider<T> =>
  ({ provide: provided, inject, useFactory: useFactory as FactoryProvider<T>['useFactory'] });

/** Composition root: the only file that binds ports to adapters. */
@Module({})
export class AuditServiceModule {
  static with(config: AuditServiceConfig, registry: Registry): DynamicModule {
    const log = makeLog(SERVICE, config);
    return {
      module: AuditServiceModule,
      controllers: [RecordingController, AuditEventsController, AuditExportController, AuditSummaryController, AuditStatusController],
      providers: [
        provide(Database, [], () => new Database(config, line => { log.warn(line); })),
        provide(Bus, [], () => new Bus(config, log)),
        provide(JetStreamServer, [Bus], (bus: Bus) => new JetStreamServer({ bus, log, messagesAtOnce: MESSAGES_AT_ONCE, bytesAtOnce: BYTES_AT_ONCE, gatherMs: GATHER_MS })),
        provide(ScopeAnnouncer, [Bus], (bus: Bus) => new ScopeAnnouncer(bus, SERVICE, ownScopes, log)),
        provide(StartUp, [Database], (database: Database) => new StartUp({ database, log, prepare: () => prepareDatabase(database) })),
        provide(AuditEventsReader, [Database], (database: Database) => new AuditEventsReader(database)),
        provide(AuditDeadLettersReader, [Database], (database: Database) => new AuditDeadLettersReader(database)),
        provide(ReconciliationsReader, [Database], (database: Database) => new ReconciliationsReader(database)),
        provide(TrailMetrics, [], () => new TrailMetrics(registry)),
        provide(AuditPostingsWriter, [Database], (database: Database) => new AuditPostingsWriter(new AuditPostingsStore(database))),
        provide(AuditEventsWriter, [Database, AuditPostingsWriter], (database: Database, postings: AuditPostingsWriter) => new AuditEventsWriter(database, postings)),
        provide(FilePostings, [AuditPostingsWriter], (postings: AuditPostingsWriter) => new FilePostings(postings, log)),
        provide(RecordMessages, [Database, AuditEventsWriter, TrailMetrics], (database: Database, events: AuditEventsWriter, metrics: TrailMetrics) =>
          new RecordMessages(events, new AuditDeadLettersWriter(database), metrics)),
        provide(TrailWatch, [Bus, Database, TrailMetrics], (bus: Bus, database: Database, metrics: TrailMetrics) => new TrailWatch(bus, new OwedReader(database), metrics)),
        provide(ExportTrail, [AuditEventsReader, AuditEventsWriter], (events: AuditEventsReader, writer: AuditEventsWriter) =>
          new ExportTrail(events, writer, { service: SERVICE, instance: config.STROWGER_INSTANCE }, log)),
        provide(SummarizeTrail, [Database], (database: Database) => new SummarizeTrail(new AuditSummaryReader(database))),
        provide(TokenIntrospector, [], () => new HttpTokenIntrospector(config)),
        provide(RequestLimit, [Database], (database: Database) => new RequestLimit(new RateLimitsStore(database), { service: SERVICE, perMinute: config.API_REQUESTS_PER_MINUTE, now: () => new Date(), log })),
        {
          provide: APP_GUARD, inject: [TokenIntrospector, RequestLimit, Reflector],
          useFactory: (introspector: TokenIntrospector, limit: RequestLimit, reflector: Reflector) => new BearerGuard(introspector, limit, reflector),
        },
        { provide: APP_FILTER, useFactory: () => new ApiErrorFilter(tooLong) },
      ],
    };
  }
}
