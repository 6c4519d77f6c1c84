import { CustomDecorator, SetMetadata } from '@nestjs/common';
import type { Need } from '@strowger/oauth-core/rights';

export const NEED = 'strowger:need';

/**
 * What the bearer token of a request to this handler, or to every handler of this controller, must be allowed: `@RequireScope('strowger:applications:write')`.
 * A scope whose verb is `write` is a write; where a scope has no verb, say so. `callApiWrite`: level `call_api` may do this write (seed 001).
 */
export function RequireScope(scope: string, options: { readonly write?: boolean; readonly callApiWrite?: boolean } = {}): CustomDecorator {
  const need: Need = { scope, write: options.write ?? scope.split(':')[2] === 'write', ...(options.callApiWrite !== undefined && { callApiWrite: options.callApiWrite }) };
  return SetMetadata(NEED, need);
}
