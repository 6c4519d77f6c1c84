import { z } from 'zod';
import { AuthEnvironment } from '@strowger/auth/auth.config';
import { MessagingEnvironment } from '@strowger/messaging/messaging.config';
import { ModelsEnvironment } from '@strowger/models/models.config';
import { environmentOrExit } from '@strowger/service/environment';
import { ServiceEnvironment } from '@strowger/service/service.config';

const PbxApiServiceEnvironment = z.object({
  ...ServiceEnvironment.shape, ...ModelsEnvironment.shape, ...MessagingEnvironment.shape, ...AuthEnvironment.shape,
  /** From which day on `/api/local` may be gone. */
  LOCAL_API_SUNSET: z.iso.date().default('2027-12-31'),
});

export type PbxApiServiceConfig = Readonly<z.infer<typeof PbxApiServiceEnvironment>>;

/** Every setting of this service. A bad one is named, with all other bad ones, and the process exits. */
export const pbxApiServiceConfig = (env: NodeJS.ProcessEnv = process.env): PbxApiServiceConfig => environmentOrExit(PbxApiServiceEnvironment, env);
