import { DynamicModule } from '@nestjs/common';
import { Registry } from 'prom-client';
import { ScopeAnnouncer } from '@strowger/auth/scope-announcer';
import { Bus } from '@strowger/messaging/bus';
import { Relay } from '@strowger/messaging/relay';
import { Database } from '@strowger/models/database';
import { Sender } from '@strowger/models/outbox/sender';
import { parseForm } from '@strowger/oauth-core/form';
import { acceptJsonAndForms } from '@strowger/service/body-parsers';
import { ServiceConfig } from '@strowger/service/service.config';
import { ServiceOptions } from '@strowger/service/start-service';
import { AppRegistryMetrics } from './app-registry-service.metrics';
import { PrepareDatabase } from './prepare-database';
import { acceptPng } from './tenant/logo';

/** How this service begins, when it is ready, and how it ends. It is ready without the bus once it has seen it: changes are stored, their events follow. */
export function serviceOptions(module: DynamicModule, config: ServiceConfig, registry: Registry): ServiceOptions {
  return {
    name: 'app-registry-service', module, config, registry,
    bodies: fastify => { acceptJsonAndForms(fastify, parseForm); acceptPng(fastify); },
    background: app => {
      app.get(AppRegistryMetrics);
      void app.get(PrepareDatabase).run();
      app.get(Relay).start();
      app.get(ScopeAnnouncer).start();
    },
    readiness: app => [
      { name: 'database', check: () => app.get(Database).isReady() },
      { name: 'indexes', check: () => app.get(PrepareDatabase).isReady() },
      { name: 'bus', check: () => app.get(Bus).wasReady() },
    ],
    drain: app => [
      { name: 'publish what is owed', run: () => app.get(Sender).drain() },
      { name: 'stop the relay', run: () => app.get(Relay).stop() },
      { name: 'stop the rest', run: async () => { app.get(PrepareDatabase).stop(); app.get(ScopeAnnouncer).stop(); await Promise.resolve(); } },
      { name: 'leave the bus', run: () => app.get(Bus).close() },
      { name: 'leave the database', run: () => app.get(Database).close() },
    ],
  };
}
