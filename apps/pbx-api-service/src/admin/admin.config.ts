import { z } from 'zod';
import { ModelsEnvironment } from '@strowger/models/models.config';
import { parseEnvironment } from '@strowger/service/environment';

const AdminEnvironment = z.object(ModelsEnvironment.shape);

/** Where the database is. @throws BadEnvironment */
export const adminConfig = (env: NodeJS.ProcessEnv = process.env): Readonly<z.infer<typeof AdminEnvironment>> => parseEnvironment(AdminEnvironment, env);
