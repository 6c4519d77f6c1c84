import { DynamicModule, Injectable, Module, OnApplicationShutdown } from '@nestjs/common';
import { APP_FILTER, APP_GUARD, Reflector } from '@nestjs/core';
import { ApiErrorFilter } from './api-error.filter';
import { BearerGuard } from './bearer.guard';
import { Guard } from './guard';

export { Caller } from './caller.decorator';
export { RequireScope } from './require-scope.decorator';
export type { AuthenticatedCaller } from './token-introspector';

/** Leaves the bus when the application closes. */
@Injectable()
class GuardLifetime implements OnApplicationShutdown {
  constructor(private readonly guard: Guard) {}
  async onApplicationShutdown(): Promise<void> { await this.guard.close(); }
}

/**
 * Guards every route of a Nest application, on Express or Fastify: each handler says `@RequireScope('rest:calllog:read')`, one that says nothing is closed.
 * Errors are answered in the shape of RFC 6750. The guard itself can be injected, to announce scopes for instance.
 */
@Module({})
export class StrowgerModule {
  static forRoot(guard: Guard = Guard.start()): DynamicModule {
    return {
      module: StrowgerModule, global: true, exports: [Guard],
      providers: [
        { provide: Guard, useValue: guard }, { provide: GuardLifetime, useFactory: () => new GuardLifetime(guard) },
        { provide: APP_GUARD, useFactory: () => new BearerGuard(guard.introspector, undefined, new Reflector()) },
        { provide: APP_FILTER, useFactory: () => new ApiErrorFilter() },
      ],
    };
  }
}
