import { DynamicModule, Provider } from '@nestjs/common';

/** The module with one of its ports bound to something else. */
export const rebound = (module: DynamicModule, provider: Exclude<Provider, new (...parts: never[]) => unknown>): DynamicModule => ({
  ...module, providers: [...(module.providers ?? []).filter(one => !('provide' in one) || one.provide !== provider.provide), provider],
});
