import { CustomDecorator, SetMetadata } from '@nestjs/common';
import { needOf, NeedOptions } from './need';

export const NEED = 'strowger:need';

/**
 * What the bearer token of a request to this handler, or to every handler of this controller, must be allowed: `@RequireScope('strowger:applications:write')`.
 * A scope whose verb is `write` is a write; where a scope has no verb, say so.
 */
export const RequireScope = (scope: string, options: NeedOptions = {}): CustomDecorator => SetMetadata(NEED, needOf(scope, options));
