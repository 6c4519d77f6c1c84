import { z } from 'zod';
import { AuthEnvironment } from '@strowger/auth/auth.config';
import { MessagingEnvironment } from '@strowger/messaging/messaging.config';
import { ModelsEnvironment } from '@strowger/models/models.config';
import { environmentOrExit } from '@strowger/service/environment';
import { ServiceEnvironment } from '@strowger/service/service.config';

const AuditServiceEnvironment = z.object({ ...ServiceEnvironment.shape, ...ModelsEnvironment.shape, ...MessagingEnvironment.shape, ...AuthEnvironment.shape });

export type AuditServiceConfig = Readonly<z.infer<typeof AuditServiceEnvironment>>;

/** Every setting of this service. A bad one is named, with all other bad ones, and the process exits. */
export const auditServiceConfig = (env: NodeJS.ProcessEnv = process.env): AuditServiceConfig => environmentOrExit(AuditServiceEnvironment, env);
