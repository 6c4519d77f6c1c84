import { Registry } from 'prom-client';
import { RequestLimit, tellAllowance } from '@strowger/auth/request-limit';
import { ScopeAnnouncer } from '@strowger/auth/scope-announcer';
import { Bus } from '@strowger/messaging/bus';
import { JetStreamServer } from '@strowger/messaging/jetstream-server';
import { Database } from '@strowger/models/database';
import { ServiceOptions } from '@strowger/service/start-service';
import { StartUp } from '@strowger/service/start-up';
import { AuditServiceConfig } from './audit-service.config';
import { AuditServiceModule, SERVICE } from './audit-service.module';
import { ExportTrail } from './export/export-trail';
import { FilePostings } from './recording/file-postings';
import { TrailWatch } from './status/trail-watch';

/** What audit-service is made of: it records what comes over the bus, and answers queries while the bus is away. */
export const auditService = (config: AuditServiceConfig, registry: Registry): ServiceOptions => ({
  name: SERVICE, module: AuditServiceModule.with(config, registry), config, registry,
  microservices: app => { app.connectMicroservice({ strategy: app.get(JetStreamServer) }); },
  plugins: fastify => { tellAllowance(fastify, config.API_REQUESTS_PER_MINUTE); },
  background: app => {
    void app.get(StartUp).run();
    app.get(TrailWatch).start();
    app.get(ScopeAnnouncer).start();
  },
  readiness: app => [
    { name: 'database', check: () => app.get(Database).isReady() },
    { name: 'start-up', check: () => app.get(StartUp).isReady() },
    { name: 'bus', check: () => app.get(Bus).wasReady() },
  ],
  drain: app => [
    { name: 'stop what runs beside', run: () => { app.get(StartUp).stop(); app.get(TrailWatch).stop(); app.get(ScopeAnnouncer).stop(); return Promise.resolve(); } },
    { name: 'record what was exported', run: () => app.get(ExportTrail).drain() },
    { name: 'record what was received', run: () => app.get(JetStreamServer).close() },
    { name: 'share the counts of requests', run: () => app.get(RequestLimit).drain() },
    { name: 'file what is being filed', run: () => app.get(FilePostings).drain() },
    { name: 'leave the bus', run: () => app.get(Bus).close() },
    { name: 'leave the database', run: () => app.get(Database).close() },
  ],
});
