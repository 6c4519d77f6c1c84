import { DynamicModule } from '@nestjs/common';
import { Registry } from 'prom-client';
import { RequestLimit, tellAllowance } from '@strowger/auth/request-limit';
import { ScopeAnnouncer } from '@strowger/auth/scope-announcer';
import { Bus } from '@strowger/messaging/bus';
import { EventFeed } from '@strowger/messaging/event-feed';
import { natsRpcServerOptions } from '@strowger/messaging/nats-rpc';
import { Relay } from '@strowger/messaging/relay';
import { Database } from '@strowger/models/database';
import { Sender } from '@strowger/models/outbox/sender';
import { SecretUses } from '@strowger/models/secret-uses/secret-uses.store';
import { TurnWriter } from '@strowger/models/turns/turn-writer';
import { parseForm } from '@strowger/oauth-core/form';
import { acceptForms, acceptJsonAlone } from '@strowger/service/body-parsers';
import { ServiceLog } from '@strowger/service/service-log';
import { ServiceOptions } from '@strowger/service/start-service';
import { StartUp } from '@strowger/service/start-up';
import { answerOtherOrigins } from './client-auth/cross-origin';
import { FeedMarks } from './feed/feed-marks';
import { feedAskRoute } from './feed/feed.controller';
import { Janitor } from './janitor/janitor';
import { keyRotationRoute } from './keys/key-rotation.controller';
import { KeyUpkeep } from './keys/key-upkeep';
import { SigningKeys } from './keys/signing-keys';
import { Reconciler } from './reconciler/reconciler';
import { RejectionRecorder } from './rejections/rejection-recorder';
import { OutboxAge } from './token/outbox-age';
import { TokenServiceConfig } from './token-service.config';
import { LOG, TokenServiceModule } from './token-service.module';

/** What this service is made of, what runs beside its requests, and what it still owes when it stops. */
export function tokenService(config: TokenServiceConfig, registry = new Registry(), module: DynamicModule = TokenServiceModule.with(config, registry)): ServiceOptions {
  return {
    name: 'token-service', module, config, registry,
    bodies: fastify => { acceptForms(fastify, parseForm); acceptJsonAlone(fastify, '/token-exchange'); },
    plugins: fastify => { answerOtherOrigins(fastify); for (const path of ['/oauth/tokens', '/oauth/consents', '/oauth/impersonations']) tellAllowance(fastify, config.API_REQUESTS_PER_MINUTE, path); },
    microservices: app => { app.connectMicroservice(natsRpcServerOptions(app.get(Bus), app.get<ServiceLog>(LOG), 'token-service', [keyRotationRoute, feedAskRoute]), { inheritAppConfig: false }); },
    background: app => {
      void app.get(StartUp).run().then(() => { app.get(KeyUpkeep).start(); });
      app.get(Relay).start();
      app.get(OutboxAge).start();
      app.get(EventFeed).start();
      app.get(ScopeAnnouncer).start();
      app.get(Janitor).start();
      app.get(Reconciler).start();
    },
    readiness: app => [
      { name: 'database', check: () => app.get(Database).isReady() },
      { name: 'start-up', check: () => app.get(StartUp).isReady() },
      { name: 'signing keys', check: () => app.get(SigningKeys).isReady() },
      { name: 'bus', check: () => app.get(Bus).wasReady() },
    ],
    drain: app => [
      { name: 'answer the bus', run: async () => { await Promise.all(app.getMicroservices().map(transport => transport.close())); await app.get(FeedMarks).stop(); } },
      { name: 'record what was refused', run: () => app.get(RejectionRecorder).drain() },
      { name: 'finish the writes', run: () => app.get(TurnWriter).drain() },
      { name: 'publish what is owed', run: () => app.get(Sender).drain() },
      { name: 'note the used secrets', run: () => app.get(SecretUses).drain() },
      { name: 'stop the relay', run: () => app.get(Relay).stop() },
      { name: 'stop what runs beside', run: async () => { app.get(StartUp).stop(); app.get(OutboxAge).stop(); app.get(ScopeAnnouncer).stop(); await app.get(KeyUpkeep).stop(); await app.get(Janitor).stop(); await app.get(Reconciler).stop(); await app.get(EventFeed).close(); } },
      { name: 'share the counts of requests', run: () => app.get(RequestLimit).drain() },
      { name: 'leave the bus', run: () => app.get(Bus).close() },
      { name: 'leave the database', run: () => app.get(Database).close() },
    ],
  };
}
