import { z } from 'zod';
import { MessagingEnvironment } from '@strowger/messaging/messaging.config';
import { environmentOrExit } from '@strowger/service/environment';

const ProvisionerEnvironment = z.object({
  ...MessagingEnvironment.shape,
  /** `host:port` by which the members of the replica set and all services know the server. */
  MONGODB_HOST: z.string().regex(/^[A-Za-z0-9.-]{1,253}:\d{1,5}$/, 'host:port'),
  MONGODB_ROOT_PASSWORD: z.string().min(1),
  MONGODB_DATABASE: z.string().regex(/^[A-Za-z0-9_-]{1,63}$/, 'the name of a database'),
  MONGODB_USER: z.string().regex(/^[A-Za-z0-9_-]{1,63}$/, 'the name of a user'),
  MONGODB_PASSWORD: z.string().min(1),
  NATS_USER: z.string().min(1),
  NATS_PASSWORD: z.string().min(1),
  /** How long the servers may take to come. */
  PROVISION_SECONDS: z.string().regex(/^\d{1,4}$/, 'seconds').transform(Number).default(180),
});
export type ProvisionerConfig = Readonly<z.infer<typeof ProvisionerEnvironment>>;

/** Every setting of the provisioner. A bad one is named, with all other bad ones, and the process exits. */
export const provisionerConfig = (env: NodeJS.ProcessEnv = process.env): ProvisionerConfig => environmentOrExit(ProvisionerEnvironment, env);
