import { RequestLimit, tellAllowance } from '@strowger/auth/request-limit';
import { RevocationFeed } from '@strowger/auth/revocation-feed';
import { ScopeAnnouncer } from '@strowger/auth/scope-announcer';
import { Bus } from '@strowger/messaging/bus';
import { Database } from '@strowger/models/database';
import { parseForm } from '@strowger/oauth-core/form';
import { acceptJsonAndForms } from '@strowger/service/body-parsers';
import { makeLog, ServiceLog } from '@strowger/service/service-log';
import type { ServiceOptions } from '@strowger/service/start-service';
import { StartUp } from '@strowger/service/start-up';
import { tellSunset } from './local/tell-sunset';
import type { PbxApiServiceConfig } from './pbx-api-service.config';
import { PbxApiServiceModule, SERVICE } from './pbx-api-service.module';
import { describedRoutes } from './rest/described-routes';
import { openApi } from './rest/open-api';
import { restControllers } from './rest/rest-controllers';

/** What people write in more than one line: a fax, a GraphQL query. */
const ofLines: ReadonlySet<string> = new Set(['text', 'query']);

/** What this service is made of, and what runs beside its requests. Once it has seen the bus it is ready without it: nothing it does is an event. */
export function pbxApiService(config: PbxApiServiceConfig, log: ServiceLog = makeLog(SERVICE, config)): ServiceOptions {
  const description = JSON.stringify(openApi(describedRoutes(restControllers), '/'));
  return {
    name: SERVICE, module: PbxApiServiceModule.with(config, log), config,
    bodies: fastify => { acceptJsonAndForms(fastify, body => parseForm(body, ofLines)); },
    plugins: fastify => {
      tellAllowance(fastify, config.API_REQUESTS_PER_MINUTE);
      tellSunset(fastify, new Date(`${config.LOCAL_API_SUNSET}T00:00:00Z`));
      // For everybody, like any manual: it says what there is, and nothing of any PBX.
      fastify.get('/api/rest/openapi.json', (_request, reply) => reply.header('content-type', 'application/json; charset=utf-8').header('cache-control', 'public, max-age=300').send(description));
    },
    background: app => {
      void app.get(StartUp).run();
      app.get(ScopeAnnouncer).start();
      app.get(RevocationFeed).start();
    },
    readiness: app => [
      { name: 'database', check: () => app.get(Database).isReady() },
      { name: 'start-up', check: () => app.get(StartUp).isReady() },
      { name: 'bus', check: () => app.get(Bus).wasReady() },
    ],
    drain: app => [
      { name: 'stop the rest', run: async () => { app.get(StartUp).stop(); app.get(ScopeAnnouncer).stop(); await Promise.resolve(); } },
      { name: 'share the counts of requests', run: () => app.get(RequestLimit).drain() },
      { name: 'leave the feed', run: () => app.get(RevocationFeed).close() },
      { name: 'leave the bus', run: () => app.get(Bus).close() },
      { name: 'leave the database', run: () => app.get(Database).close() },
    ],
  };
}
