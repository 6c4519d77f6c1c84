import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { MessagingEnvironment } from '@strowger/messaging/messaging.config';
import { ModelsEnvironment } from '@strowger/models/models.config';
import { parseEnvironment } from '@strowger/service/environment';

const AdminEnvironment = z.object({ ...ModelsEnvironment.shape, ...MessagingEnvironment.shape });
export type AdminConfig = Readonly<z.infer<typeof AdminEnvironment>>;

/** Neither the environment nor a running local stack says where the database is. */
export class NoDeployment extends Error {
  override readonly name = 'NoDeployment';
}

/**
 * Where the deployment's database and bus are, as token-service: from the environment, or, where MONGODB_URI is not set, from the file
 * `admin.token-service.env` in the data folder of a running local stack.
 * @throws NoDeployment, BadEnvironment
 */
export function adminConfig(dataDirectory: string): AdminConfig {
  const given = process.env['MONGODB_URI'] ? process.env : fromFile(join(dataDirectory, 'admin.token-service.env'));
  return parseEnvironment(AdminEnvironment, { ...given, ...(given['NATS_PASSWORD'] && !given['NATS_USER'] && { NATS_USER: 'token-service' }) });
}

function fromFile(path: string): NodeJS.ProcessEnv {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    throw new NoDeployment(`MONGODB_URI is not set, and ${path} cannot be read: start the local stack (npm start) first, name its folder with --data, or set MONGODB_URI, NATS_URL, NATS_USER and NATS_PASSWORD`, { cause });
  }
  return Object.fromEntries([...text.matchAll(/^([A-Z][A-Z0-9_]*)='([^'\n]*)'$/gm)].map(([, name = '', value = '']) => [name, value]));
}
