import { z } from 'zod';
import { AuthEnvironment } from '@strowger/auth/auth.config';
import { MessagingEnvironment } from '@strowger/messaging/messaging.config';
import { ModelsEnvironment } from '@strowger/models/models.config';
import { environmentOrExit } from '@strowger/service/environment';
import { ServiceEnvironment } from '@strowger/service/service.config';

const number = (least: number, most: number, standard: number) =>
  z.string().regex(/^\d{1,9}$/, `a whole number from ${String(least)} to ${String(most)}`).transform(Number)
    .refine(n => n >= least && n <= most, `a whole number from ${String(least)} to ${String(most)}`).default(standard);
const loopback = /^(localhost|127\.0\.0\.1|\[::1\])$/;

const AppRegistryEnvironment = z.object({
  ...ServiceEnvironment.shape, ...ModelsEnvironment.shape, ...MessagingEnvironment.shape, ...AuthEnvironment.shape,
  /** The issuer (RFC 8414), an origin without a path or a trailing slash: where the URLs of the answers begin. */
  STROWGER_ISSUER: z.url({ protocol: /^https?$/ }).refine(text => URL.canParse(text) && new URL(text).origin === text, 'an origin such as https://auth.example.com, without a path'),
  /** '1' lets an issuer without TLS start; for a loopback host it is not needed. */
  STROWGER_INSECURE: z.enum(['0', '1']).default('0'),
  /** Longest life of an access token that a tenant may set; the same as token-service's. */
  ACCESS_TOKEN_TTL_MAX_SECONDS: number(60, 604_800, 86_400),
  PASSWORD_WINDOW_SECONDS: number(1, 86_400, 900),
  /** Wrong current passwords of one account in a window, on changing its password. */
  WRONG_CURRENT_PASSWORDS_PER_ACCOUNT: number(1, 1_000_000, 10),
}).refine(env => env.STROWGER_ISSUER.startsWith('https:') || env.STROWGER_INSECURE === '1' || (URL.canParse(env.STROWGER_ISSUER) && loopback.test(new URL(env.STROWGER_ISSUER).hostname)),
  { path: ['STROWGER_ISSUER'], message: 'must be https unless its host is loopback or STROWGER_INSECURE=1' });

export type AppRegistryConfig = Readonly<z.infer<typeof AppRegistryEnvironment>>;

/** Every setting of this service. A bad one is named, with all other bad ones, and the process exits. */
export const appRegistryConfig = (env: NodeJS.ProcessEnv = process.env): AppRegistryConfig => environmentOrExit(AppRegistryEnvironment, env);
