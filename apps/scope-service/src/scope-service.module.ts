import { DynamicModule, Module } from '@nestjs/common';
import { APP_FILTER, APP_GUARD, Reflector } from '@nestjs/core';
import { Registry } from 'prom-client';
import { ApiErrorFilter } from '@strowger/auth/api-error.filter';
import { BearerGuard } from '@strowger/auth/bearer.guard';
import { HttpTokenIntrospector } from '@strowger/auth/http-token-introspector';
import { RequestLimit } from '@strowger/auth/request-limit';
import { Bus } from '@strowger/messaging/bus';
import { JetStreamPublisher } from '@strowger/messaging/jetstream-publisher';
import { Relay } from '@strowger/messaging/relay';
import { LiveTokensReader } from '@strowger/models/access-tokens/live-tokens.reader';
import { AccountsReader } from '@strowger/models/accounts/accounts.reader';
import { ApplicationsReader } from '@strowger/models/applications/applications.reader';
import { Database } from '@strowger/models/database';
import { GrantsReader } from '@strowger/models/grants/grants.reader';
import { ChangeRecorder } from '@strowger/models/outbox/change-recorder';
import { OutboxStore } from '@strowger/models/outbox/outbox.store';
import { Sender } from '@strowger/models/outbox/sender';
import { RateLimitsStore } from '@strowger/models/rate-limits/rate-limits.store';
import { ScopeChangesReader } from '@strowger/models/scope-changes/scope-changes.reader';
import { ScopesReader } from '@strowger/models/scopes/scopes.reader';
import { ScopesWriter } from '@strowger/models/scopes/scopes.writer';
import type { ServiceLog } from '@strowger/service/service-log';
import { StartUp } from '@strowger/service/start-up';
import { AnnounceScopes } from './announcement/announce-scopes';
import { AnnouncementController } from './announcement/announcement.controller';
import { CatalogueUpkeep } from './announcement/catalogue-upkeep';
import { WithdrawSilentScopes } from './announcement/withdraw-silent-scopes';
import { ScopesController } from './catalogue/scopes.controller';
import { ScopeHistoryController } from './history/scope-history.controller';
import { ownScopes } from './own-scopes';
import { prepareDatabase } from './prepare-database';
import { ReachingApplications } from './reach/reaching-applications';
import { ReachingTokens } from './reach/reaching-tokens';
import { ScopeReachController } from './reach/scope-reach.controller';
import { WhoReaches } from './reach/who-reaches';
import type { ScopeServiceConfig } from './scope-service.config';
import { measureScopeService } from './scope-service.metrics';

const SERVICE = 'scope-service';

/** Composition root: the only file that binds ports to adapters. */
@Module({})
export class ScopeServiceModule {
  static with(config: ScopeServiceConfig, registry: Registry, log: ServiceLog): DynamicModule {
    const database = new Database(config, line => { log.warn(line); });
    const bus = new Bus(config, log);
    const publisher = new JetStreamPublisher(bus);
    const sender = new Sender(database, publisher);
    const outbox = new OutboxStore(database, SERVICE);
    const relay = new Relay({ outbox, publisher, log });
    const writer = new ScopesWriter(database, new ChangeRecorder(database, sender, { service: SERVICE, instance: config.STROWGER_INSTANCE }));
    const startUp = new StartUp({ database, log, prepare: () => prepareDatabase(database) });
    const announce = new AnnounceScopes(writer, config.SCOPE_ABSENT_SECONDS);
    const upkeep = new CatalogueUpkeep({
      announce, withdraw: new WithdrawSilentScopes(writer), own: ownScopes, withdrawSeconds: config.SCOPE_WITHDRAW_SECONDS, log,
      hears: async () => startUp.isReady() && bus.connected && await database.isReady(),
    });
    const limit = new RequestLimit(new RateLimitsStore(database), { service: SERVICE, perMinute: config.API_REQUESTS_PER_MINUTE, now: () => new Date(), log });
    const scopes = new ScopesReader(database);
    const reachingTokens = new ReachingTokens(new LiveTokensReader(database), new AccountsReader(database), new GrantsReader(database), () => new Date());
    measureScopeService(registry, outbox, relay);
    return {
      module: ScopeServiceModule,
      controllers: [AnnouncementController, ScopesController, ScopeReachController, ScopeHistoryController],
      providers: [
        { provide: Database, useValue: database }, { provide: Bus, useValue: bus }, { provide: Sender, useValue: sender }, { provide: Relay, useValue: relay },
        { provide: StartUp, useValue: startUp }, { provide: AnnounceScopes, useValue: announce }, { provide: CatalogueUpkeep, useValue: upkeep },
        { provide: ScopesReader, useValue: scopes }, { provide: ScopeChangesReader, useValue: new ScopeChangesReader(database) },
        { provide: WhoReaches, useValue: new WhoReaches(database, scopes, new ReachingApplications(new ApplicationsReader(database)), reachingTokens) }, { provide: RequestLimit, useValue: limit },
        { provide: APP_GUARD, useValue: new BearerGuard(new HttpTokenIntrospector(config), limit, new Reflector()) },
        { provide: APP_FILTER, useValue: new ApiErrorFilter() },
      ],
    };
  }
}
