import type { ServiceOptions } from '@strowger/service/start-service';
import { openFrontDoor } from './front-door/front-door';
import { publicRoutes } from './front-door/public-routes';
import type { PortalServiceConfig } from './portal-service.config';
import { PortalServiceModule } from './portal-service.module';

/** The front door of a one-host install. It is ready as soon as it listens: a service that is down takes its own paths with it, no others. */
export const portalService = (config: PortalServiceConfig): ServiceOptions => ({
  name: 'portal-service', module: PortalServiceModule, config,
  plugins: fastify => { void fastify.register((door, _options, done) => { openFrontDoor(door, publicRoutes(config)); done(); }); },
});
