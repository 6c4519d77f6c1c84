import { z } from 'zod';
import { AuthEnvironment } from '@strowger/auth/auth.config';
import { MessagingEnvironment } from '@strowger/messaging/messaging.config';
import { ModelsEnvironment } from '@strowger/models/models.config';
import { environmentOrExit } from '@strowger/service/environment';
import { ServiceEnvironment } from '@strowger/service/service.config';

const seconds = (least: number, standard: number) =>
  z.string().regex(/^\d{1,9}$/, `whole seconds, at least ${String(least)}`).transform(Number).refine(n => n >= least, `whole seconds, at least ${String(least)}`).default(standard);

const ScopeServiceEnvironment = z.object({
  ...ServiceEnvironment.shape, ...ModelsEnvironment.shape, ...MessagingEnvironment.shape, ...AuthEnvironment.shape,
  /** A service that has not announced for so long is gone, and its scopes are withdrawn. Services announce each minute. */
  SCOPE_WITHDRAW_SECONDS: seconds(1, 300),
  /** A scope missing from its service's announcement is withdrawn when no instance has announced it for so long: older ones may still run. */
  SCOPE_ABSENT_SECONDS: seconds(0, 90),
});

export type ScopeServiceConfig = Readonly<z.infer<typeof ScopeServiceEnvironment>>;

/** Every setting of this service. A bad one is named, with all other bad ones, and the process exits. */
export const scopeServiceConfig = (env: NodeJS.ProcessEnv = process.env): ScopeServiceConfig => environmentOrExit(ScopeServiceEnvironment, env);
