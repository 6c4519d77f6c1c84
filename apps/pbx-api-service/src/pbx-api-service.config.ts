import { z } from 'zod';
import { AuthEnvironment } from '@strowger/auth/auth.config';
import { MessagingEnvironment } from '@strowger/messaging/messaging.config';
import { ModelsEnvironment } from '@strowger/models/models.config';
import { environmentOrExit } from '@strowger/service/environment';
import { ServiceEnvironment } from '@strowger/service/service.config';

const PbxApiServiceEnvironment = z.object({
  ...ServiceEnvironment.shape, ...ModelsEnvironment.shape, ...MessagingEnvironment.shape, ...AuthEnvironment.shape,
  /** `iss` of every token, and where `aud` begins. */
  STROWGER_ISSUER: z.url({ protocol: /^https?$/ }).refine(text => URL.canParse(text) && new URL(text).origin === text, 'an origin such as https://auth.example.com, without a path'),
  /** The deployment's: for so long, and a little longer, a revoked token is remembered. */
  ACCESS_TOKEN_TTL_MAX_SECONDS: z.string().regex(/^[1-9]\d{1,5}$/, 'seconds').transform(Number).default(86_400),
  /** By how much the clocks of issuer, bus and this service may differ. */
  CLOCK_SKEW_SECONDS: z.string().regex(/^\d{1,3}$/, 'seconds').transform(Number).default(60),
  /** From which day on `/api/local` may be gone. */
  LOCAL_API_SUNSET: z.iso.date().default('2027-12-31'),
});

export type PbxApiServiceConfig = Readonly<z.infer<typeof PbxApiServiceEnvironment>>;

/** Every setting of this service. A bad one is named, with all other bad ones, and the process exits. */
export const pbxApiServiceConfig = (env: NodeJS.ProcessEnv = process.env): PbxApiServiceConfig => environmentOrExit(PbxApiServiceEnvironment, env);
