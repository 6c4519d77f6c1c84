import { DynamicModule, FactoryProvider, InjectionToken, Module } from '@nestjs/common';
import { APP_FILTER, APP_GUARD, Reflector } from '@nestjs/core';
import { ApiErrorFilter } from '@strowger/auth/api-error.filter';
import { BearerGuard } from '@strowger/auth/bearer.guard';
import { offlineIntrospector } from '@strowger/auth/offline-introspector';
import { RequestLimit } from '@strowger/auth/request-limit';
import { RevocationFeed } from '@strowger/auth/revocation-feed';
import { ScopeAnnouncer } from '@strowger/auth/scope-announcer';
import { TokenIntrospector } from '@strowger/auth/token-introspector';
import { Bus } from '@strowger/messaging/bus';
import { AccountsReader } from '@strowger/models/accounts/accounts.reader';
import { Database } from '@strowger/models/database';
import { PbxStore } from '@strowger/models/pbx/pbx.store';
import { RateLimitsStore } from '@strowger/models/rate-limits/rate-limits.store';
import type { ServiceLog } from '@strowger/service/service-log';
import { StartUp } from '@strowger/service/start-up';
import { CallForwarding } from './callforward/call-forwarding';
import { CallLog } from './calllog/call-log';
import { Calls } from './calls/calls';
import { EventHandlers } from './eventhandlers/event-handlers';
import { Extensions } from './extensions/extensions';
import { Faxes } from './faxes/faxes';
import { GqlController } from './graphql/gql.controller';
import { GqlServer } from './graphql/gql-server';
import { scopedFields } from './graphql/scoped-schema';
import type { PbxApiServiceConfig } from './pbx-api-service.config';
import { prepareDatabase } from './prepare-database';
import { CallersReach } from './reach/callers-reach';
import { Recordings } from './recordings/recordings';
import { describedRoutes } from './rest/described-routes';
import { restControllers } from './rest/rest-controllers';
import { announcedScopes } from './scopes/announced-scopes';
import { Switchboards } from './switchboards/switchboards';
import { PbxUsers } from './user/pbx-users';
import { Voicemail } from './voicemail/voicemail';

export const SERVICE = 'pbx-api-service';
/** A provider from its parts; Nest hands them over in the order of `inject`. */
const provide = <T>(provided: InjectionToken<T>, inject: InjectionToken[], useFactory: (...parts: never[]) => T): FactoryProvider<T> =>
  ({ provide: provided, inject, useFactory: useFactory as FactoryProvider<T>['useFactory'] });

/** What both APIs do, each in one place. */
const useCases = [
  provide(Extensions, [PbxStore], (pbx: PbxStore) => new Extensions(pbx)),
  provide(CallForwarding, [Extensions], (extensions: Extensions) => new CallForwarding(extensions)),
  provide(CallLog, [PbxStore], (pbx: PbxStore) => new CallLog(pbx)),
  provide(Calls, [PbxStore], (pbx: PbxStore) => new Calls(pbx)),
  provide(Voicemail, [PbxStore, Extensions], (pbx: PbxStore, extensions: Extensions) => new Voicemail(pbx, extensions)),
  provide(Recordings, [PbxStore, Extensions], (pbx: PbxStore, extensions: Extensions) => new Recordings(pbx, extensions)),
  provide(Faxes, [PbxStore], (pbx: PbxStore) => new Faxes(pbx)),
  provide(Switchboards, [PbxStore], (pbx: PbxStore) => new Switchboards(pbx)),
  provide(EventHandlers, [PbxStore], (pbx: PbxStore) => new EventHandlers(pbx)),
  provide(PbxUsers, [PbxStore, Extensions], (pbx: PbxStore, extensions: Extensions) => new PbxUsers(pbx, extensions)),
];

/** Composition root: the only file that binds ports to adapters. */
@Module({})
export class PbxApiServiceModule {
  static with(config: PbxApiServiceConfig, log: ServiceLog): DynamicModule {
    const bus = new Bus(config, log), { introspector, feed } = offlineIntrospector(config, bus, log);
    return {
      module: PbxApiServiceModule,
      controllers: [...restControllers, GqlController],
      providers: [
        provide(Database, [], () => new Database(config, line => { log.warn(line); })),
        { provide: Bus, useValue: bus },
        provide(PbxStore, [Database], (database: Database) => new PbxStore(database)),
        provide(StartUp, [Database, PbxStore], (database: Database, pbx: PbxStore) => new StartUp({ database, log, prepare: () => prepareDatabase(database, pbx) })),
        provide(CallersReach, [Database], (database: Database) => new CallersReach(new AccountsReader(database))),
        provide(ScopeAnnouncer, [Bus], (bus: Bus) => new ScopeAnnouncer(bus, SERVICE, announcedScopes(describedRoutes(restControllers), scopedFields), log)),
        ...useCases,
        {
          provide: GqlServer, inject: [Extensions, CallForwarding, CallLog, Calls, Voicemail, Recordings, Faxes, Switchboards, EventHandlers, PbxUsers],
          useFactory: (extensions: Extensions, callForwarding: CallForwarding, callLog: CallLog, calls: Calls, voicemail: Voicemail, recordings: Recordings, faxes: Faxes, switchboards: Switchboards, eventHandlers: EventHandlers, users: PbxUsers) =>
            new GqlServer({ extensions, callForwarding, callLog, calls, voicemail, recordings, faxes, switchboards, eventHandlers, users }, error => { log.error({ err: error }, 'a query failed'); }),
        },
        { provide: TokenIntrospector, useValue: introspector }, { provide: RevocationFeed, useValue: feed },
        provide(RequestLimit, [Database], (database: Database) => new RequestLimit(new RateLimitsStore(database), { service: SERVICE, perMinute: config.API_REQUESTS_PER_MINUTE, now: () => new Date(), log })),
        {
          provide: APP_GUARD, inject: [TokenIntrospector, RequestLimit, Reflector],
          useFactory: (introspector: TokenIntrospector, limit: RequestLimit, reflector: Reflector) => new BearerGuard(introspector, limit, reflector),
        },
        { provide: APP_FILTER, useFactory: () => new ApiErrorFilter() },
      ],
    };
  }
}
