import { assertServicesToAdd } from '@strowger/contracts/bus-users';

/** One more service outside the deployment's own, or one less. */
export interface ServiceChange { readonly addService?: string; readonly removeService?: string }

/**
 * The services outside the deployment's own, after a change.
 * @throws RangeError - there is no such service to remove, or as `assertServicesToAdd`
 */
export function servicesAfter(before: readonly string[], { addService, removeService }: ServiceChange): readonly string[] {
  if (removeService !== undefined && !before.includes(removeService)) throw new RangeError(`no service ${JSON.stringify(removeService)} was added`);
  const after = [...before.filter(name => name !== removeService), ...(addService === undefined ? [] : [addService])];
  assertServicesToAdd(after);
  return after;
}
