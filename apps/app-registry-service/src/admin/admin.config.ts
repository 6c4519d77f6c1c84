import { join } from 'node:path';
import { z } from 'zod';
import { MessagingEnvironment } from '@strowger/messaging/messaging.config';
import { ModelsEnvironment } from '@strowger/models/models.config';
import { adminEnvironment } from '@strowger/service/admin-environment.config';
import { parseEnvironment } from '@strowger/service/environment';

const AdminEnvironment = z.object({ ...ModelsEnvironment.shape, ...MessagingEnvironment.shape });
export type AdminConfig = Readonly<z.infer<typeof AdminEnvironment>>;

/**
 * Where the deployment's database and bus are: from the environment, or, where MONGODB_URI is not set, from the file
 * `admin.env` in the data folder of a running local stack.
 * @throws NoDeployment, BadEnvironment
 */
export const adminConfig = (dataDirectory: string): AdminConfig => parseEnvironment(AdminEnvironment, adminEnvironment(join(dataDirectory, 'admin.env'), 'app-registry-service'));
