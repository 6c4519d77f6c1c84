import { readFileSync } from 'node:fs';

/** Neither the environment nor a running local stack says where the database is. */
export class NoDeployment extends Error {
  override readonly name = 'NoDeployment';
}

/**
 * Where an administration command finds the deployment's database and bus: in the environment, or, where MONGODB_URI is not set, in a file
 * of a running local stack. On the bus it is `user`, unless the environment names another.
 * @throws NoDeployment - the file cannot be read
 */
export function adminEnvironment(file: string, user: string): NodeJS.ProcessEnv {
  const given = process.env['MONGODB_URI'] ? process.env : fromFile(file);
  return { ...given, ...(given['NATS_PASSWORD'] && !given['NATS_USER'] && { NATS_USER: user }) };
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
