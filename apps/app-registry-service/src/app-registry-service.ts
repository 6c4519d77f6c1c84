import { Registry } from 'prom-client';
import { RequestLimit, tellAllowance } from '@strowger/auth/request-limit';
import { ScopeAnnouncer } from '@strowger/auth/scope-announcer';
import { Bus } from '@strowger/messaging/bus';
import { Relay } from '@strowger/messaging/relay';
import { Database } from '@strowger/models/database';
import { Sender } from '@strowger/models/outbox/sender';
import { parseForm } from '@strowger/oauth-core/form';
import { acceptJsonAndForms } from '@strowger/service/body-parsers';
import { makeLog, ServiceLog } from '@strowger/service/service-log';
import { ServiceOptions } from '@strowger/service/start-service';
import { StartUp } from '@strowger/service/start-up';
import { AppRegistryConfig } from './app-registry-service.config';
import { AppRegistryMetrics } from './app-registry-service.metrics';
import { AppRegistryServiceModule, SERVICE } from './app-registry-service.module';
import { acceptPng } from './tenant/logo';

/** What people write in more than one line. */
const ofLines: ReadonlySet<string> = new Set(['description', 'reason']);

/** What this service is made of, what runs beside its requests, and what it still owes when it stops. Once it has seen the bus it is ready without it: changes are stored, their events follow. */
export function appRegistryService(config: AppRegistryConfig, log: ServiceLog = makeLog(SERVICE, config)): ServiceOptions {
  const registry = new Registry();
  return {
    name: SERVICE, module: AppRegistryServiceModule.with(config, registry, log), config, registry,
    bodies: fastify => { acceptJsonAndForms(fastify, body => parseForm(body, ofLines)); acceptPng(fastify); },
    plugins: fastify => { tellAllowance(fastify, config.API_REQUESTS_PER_MINUTE); },
    background: app => {
      app.get(AppRegistryMetrics);
      void app.get(StartUp).run();
      app.get(Relay).start();
      app.get(ScopeAnnouncer).start();
    },
    readiness: app => [
      { name: 'database', check: () => app.get(Database).isReady() },
      { name: 'indexes', check: () => app.get(StartUp).isReady() },
      { name: 'bus', check: () => app.get(Bus).wasReady() },
    ],
    drain: app => [
      { name: 'publish what is owed', run: () => app.get(Sender).drain() },
      { name: 'stop the relay', run: () => app.get(Relay).stop() },
      { name: 'stop the rest', run: async () => { app.get(StartUp).stop(); app.get(ScopeAnnouncer).stop(); await Promise.resolve(); } },
      { name: 'share the counts of requests', run: () => app.get(RequestLimit).drain() },
      { name: 'leave the bus', run: () => app.get(Bus).close() },
      { name: 'leave the database', run: () => app.get(Database).close() },
    ],
  };
}
