import { join } from 'node:path';
import { ServiceName } from '@strowger/contracts/event-catalogue';
import { inheritedEnvironment } from './local-stack.config';
import { builtFile } from './repository-root';
import { Secrets } from './secrets';
import { RunningServers } from './servers';
import { Supervised, Supervisor } from './supervisor';

/** The services of a one-host install, in the order of their start. portal-service is the front door. */
export const services = ['token-service', 'app-registry-service', 'scope-service', 'audit-service', 'pbx-api-service', 'portal-service'] as const satisfies readonly ServiceName[];
type StackService = (typeof services)[number];

/** What the services of one stack have in common. */
export interface Stack {
  readonly servers: Pick<RunningServers, 'mongodbUri' | 'natsUrl' | 'busPassword'>;
  readonly secrets: Secrets;
  /** Name of the MongoDB database. */
  readonly database: string;
  /** Where each service is reached; the front door's is portal-service's. */
  readonly ports: Readonly<Record<StackService, number>>;
  readonly logsDirectory: string;
}
/** One process of a service: by default the first, on the service's own port. */
export interface Instance {
  readonly instance?: string;
  readonly port?: number;
  /** The folder of another build (it has `apps/` and `libs/`); by default this one's. */
  readonly root?: string;
  /** Further settings of this process. */
  readonly env?: Readonly<Record<string, string>>;
}

/**
 * What it records and answers is little at a time and garbage at once; without a bound V8 lets that grow with the machine's memory, to over a gigabyte.
 * A container's memory limit does the same.
 */
const AUDIT_SERVICE_HEAP = '--max-old-space-size=384 --max-semi-space-size=8';

const isOfStack = (name: ServiceName): name is StackService => services.some(service => service === name);
const urlOf = (port: number): string => `http://127.0.0.1:${String(port)}`;

/** The whole environment of a service's process. */
export function serviceEnvironment(name: ServiceName, stack: Stack, { instance = `${name}-1`, port, env = {} }: Instance = {}): Record<string, string> {
  const { servers, secrets, database, ports } = stack;
  return {
    LOG_LEVEL: 'info',
    ...inheritedEnvironment,
    HOST: '127.0.0.1',
    PORT: String(port ?? (isOfStack(name) ? ports[name] : 0)),
    MONGODB_URI: servers.mongodbUri(database),
    NATS_URL: servers.natsUrl,
    NATS_USER: name,
    NATS_PASSWORD: servers.busPassword(name),
    STROWGER_ISSUER: `http://localhost:${String(ports['portal-service'])}`,
    STROWGER_INSTANCE: instance,
    STROWGER_PARENT_PIPE: '1',
    STROWGER_SERVICE_ID: name,
    STROWGER_SERVICE_SECRET: secrets.serviceSecret(name),
    TRUSTED_PROXIES: '127.0.0.1',
    TOKEN_SERVICE_URL: urlOf(ports['token-service']),
    APP_REGISTRY_SERVICE_URL: urlOf(ports['app-registry-service']),
    SCOPE_SERVICE_URL: urlOf(ports['scope-service']),
    AUDIT_SERVICE_URL: urlOf(ports['audit-service']),
    PBX_API_SERVICE_URL: urlOf(ports['pbx-api-service']),
    ...(name === 'token-service' && { STROWGER_SERVICES: secrets.serviceHashes, STROWGER_KEYS: secrets.keys }),
    ...(name === 'audit-service' && { NODE_OPTIONS: AUDIT_SERVICE_HEAP }),
    ...env,
  };
}

/**
 * Starts a process of a service and resolves once `GET /health/ready` answers 200.
 * @throws Error - it ended, or was not ready within 60 s; with the end of its log
 */
export function startService(name: StackService, stack: Stack, supervisor: Supervisor, instance: Instance = {}): Promise<Supervised> {
  const env = serviceEnvironment(name, stack, instance), label = instance.instance ?? name, program = `apps/${name}/src/main`;
  return supervisor.run({
    name: label, command: process.execPath, args: ['--enable-source-maps', instance.root === undefined ? builtFile(`${program}.ts`) : join(instance.root, `${program}.js`)], env,
    logFile: join(stack.logsDirectory, `${label}.log`), whenParentIsGone: 'self', stopSignal: 'SIGTERM', stopSeconds: 20, readySeconds: 60,
    ready: async () => {
      const answer = await fetch(`${urlOf(Number(env['PORT']))}/health/ready`, { signal: AbortSignal.timeout(2000) });
      if (answer.status !== 200) throw new Error('not yet');
    },
  });
}
