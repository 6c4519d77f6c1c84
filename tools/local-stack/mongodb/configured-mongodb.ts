import { Source } from '../source';
import { Supervised } from '../supervisor';
import { MongodbProgram } from './mongodb-program';

/** The MongoDB that `MONGODB_URI` names: always taken where it is set. */
export const configuredMongodb = (uri: string | undefined): Source<MongodbProgram> => ({
  name: 'MONGODB_URI',
  find: () => Promise.resolve(uri === undefined ? { missing: 'not set' } : { value: { kind: 'external', uri }, reason: 'it is set' }),
});

const PARTS = /^(mongodb(?:\+srv)?:\/\/)(?:([^@/]*)@)?([^/?]+)(?:\/([^?]*))?(?:\?(.*))?$/;

/** The database that a URI names, if any. */
export const databaseOf = (uri: string): string | undefined => PARTS.exec(uri)?.[4] || undefined;

/**
 * The URI with another database. Credentials are still looked up where they were: in `authSource`, else in the database
 * that stood in the URI, else in `admin`.
 * @throws Error - this is no MongoDB URI
 */
export function withDatabase(uri: string, database: string): string {
  const parts = PARTS.exec(uri);
  if (!parts) throw new Error('MONGODB_URI is not a MongoDB URI');
  const [, scheme = '', credentials, hosts = '', before, query = ''] = parts;
  const options = new URLSearchParams(query);
  if (credentials !== undefined && !options.has('authSource')) options.set('authSource', before === undefined || before === '' ? 'admin' : before);
  const rest = options.toString();
  return `${scheme}${credentials === undefined ? '' : `${credentials}@`}${hosts}/${database}${rest === '' ? '' : `?${rest}`}`;
}

/** A server that somebody else runs: it can be neither stopped nor started here. */
export function foreignServer(name: string): Supervised {
  const refuse = (): never => { throw new Error(`${name} is not run by the local stack`); };
  return { name, pid: () => undefined, kill: refuse, stop: () => Promise.resolve(), start: () => Promise.resolve() };
}
