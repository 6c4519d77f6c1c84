import { join, resolve } from 'node:path';
import { z } from 'zod';
import { repositoryRoot } from './repository-root';

const nonEmpty = z.string().optional().transform(text => (text === '' ? undefined : text));
const Environment = z.object({
  MONGODB_URI: nonEmpty.pipe(z.string().regex(/^mongodb(\+srv)?:\/\/[^/]+/, 'a MongoDB URI').optional()),
  NATS_URL: nonEmpty.pipe(z.string().regex(/^(nats|tls):\/\/[^/]+$/, 'a URL such as nats://host:4222').optional()),
  NATS_MONITOR_URL: nonEmpty.pipe(z.url().optional()),
  NATS_PASSWORDS: nonEmpty.pipe(z.string().regex(/^[^:,]+:[^,]+(,[^:,]+:[^,]+)*$/, 'user:password,…').optional()),
  STROWGER_CACHE: nonEmpty,
  PATH: z.string().default('/usr/local/bin:/usr/bin:/bin'),
  npm_lifecycle_event: z.string().optional(),
  JEST_WORKER_ID: z.coerce.number().int().positive().optional(),
});

function parse(environment: NodeJS.ProcessEnv) {
  const result = Environment.safeParse(environment);
  if (result.success) return result.data;
  // The values are not shown: they may hold passwords.
  throw new Error(`the environment is wrong: ${result.error.issues.map(issue => `${issue.path.join('.')}: ${issue.message}`).join('; ')}`);
}
const environment = parse(process.env);
const passwords = environment.NATS_PASSWORDS?.split(',').map(pair => [pair.slice(0, pair.indexOf(':')), pair.slice(pair.indexOf(':') + 1)] as const);

/** What the local stack takes from its environment. */
export const localStackConfig = Object.freeze({
  /** A MongoDB that already runs, a replica set's. */
  mongodbUri: environment.MONGODB_URI,
  /** A NATS server that already runs, its monitor, and the passwords of its users (`NATS_PASSWORDS=user:password,…`). */
  natsUrl: environment.NATS_URL,
  natsMonitorUrl: environment.NATS_MONITOR_URL,
  natsPasswords: new Map(passwords),
  /** Where downloaded programs are kept. */
  cacheDirectory: resolve(environment.STROWGER_CACHE ?? join(repositoryRoot, '.strowger', 'cache')),
  /** Folders of PATH, but for the repository's own. */
  path: environment.PATH.split(':').filter(folder => folder !== '' && !folder.startsWith(repositoryRoot)),
  startedByNpm: environment.npm_lifecycle_event !== undefined,
  /** Which of the processes that run test files this is, from 1; 0 where no test runs. */
  testWorker: environment.JEST_WORKER_ID ?? 0,
});

// What describes the stack itself is not inherited by the programs it starts: a service is told only what it needs.
const NOT_INHERITED = /^(npm_.*|STROWGER_.*|MONGODB_URI|NATS_.*|HOST|PORT|INIT_CWD|JEST_.*)$/;
/** The environment that programs of the stack inherit. */
export const inheritedEnvironment: Readonly<Record<string, string>> = Object.freeze(
  Object.fromEntries(Object.entries(process.env).filter((entry): entry is [string, string] => entry[1] !== undefined && !NOT_INHERITED.test(entry[0]))),
);
