import { Registry } from 'prom-client';
import { RequestLimit, tellAllowance } from '@strowger/auth/request-limit';
import { Bus } from '@strowger/messaging/bus';
import { natsRpcServerOptions } from '@strowger/messaging/nats-rpc';
import { Relay } from '@strowger/messaging/relay';
import { Database } from '@strowger/models/database';
import { Sender } from '@strowger/models/outbox/sender';
import { makeLog, ServiceLog } from '@strowger/service/service-log';
import type { ServiceOptions } from '@strowger/service/start-service';
import { StartUp } from '@strowger/service/start-up';
import { announcementRoute } from './announcement/announcement.controller';
import { CatalogueUpkeep } from './announcement/catalogue-upkeep';
import type { ScopeServiceConfig } from './scope-service.config';
import { ScopeServiceModule } from './scope-service.module';

const NAME = 'scope-service';

/** What this service is made of, what runs beside its requests, and what it still owes when it stops. */
export function scopeService(config: ScopeServiceConfig, log: ServiceLog = makeLog(NAME, config)): ServiceOptions {
  const registry = new Registry();
  return {
    name: NAME, module: ScopeServiceModule.with(config, registry, log), config, registry,
    microservices: app => { app.connectMicroservice(natsRpcServerOptions(app.get(Bus), log, NAME, [announcementRoute]), { inheritAppConfig: false }); },
    plugins: fastify => { tellAllowance(fastify, config.API_REQUESTS_PER_MINUTE); },
    background: app => {
      void app.get(StartUp).run().then(() => { app.get(CatalogueUpkeep).start(); });
      app.get(Relay).start();
    },
    readiness: app => [
      { name: 'database', check: () => app.get(Database).isReady() },
      { name: 'start-up', check: () => app.get(StartUp).isReady() },
      { name: 'bus', check: () => app.get(Bus).wasReady() },
    ],
    drain: app => [
      { name: 'answer the announcements', run: () => Promise.all(app.getMicroservices().map(transport => transport.close())) },
      { name: 'stop the upkeep', run: async () => { app.get(StartUp).stop(); await app.get(CatalogueUpkeep).stop(); } },
      { name: 'publish what is owed', run: () => app.get(Sender).drain() },
      { name: 'stop the relay', run: () => app.get(Relay).stop() },
      { name: 'share the counts of requests', run: () => app.get(RequestLimit).drain() },
      { name: 'leave the bus', run: () => app.get(Bus).close() },
      { name: 'leave the database', run: () => app.get(Database).close() },
    ],
  };
}
