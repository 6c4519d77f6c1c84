import { DynamicModule, Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyInstance } from 'fastify';
import { Registry } from 'prom-client';
import { Admission } from './admission';
import { refuseBodies } from './body-parsers';
import { ReadinessCheck, serveHealth } from './health';
import { ServiceHttpAdapter, observeRequests } from './http-adapter';
import { countAdmission, serveMetrics } from './metrics';
import { RequestDurations } from './request-durations';
import { ServiceLog, makeLog, nestLogger } from './service-log';
import { ServiceConfig } from './service.config';
import { DrainStep, shutDown } from './shutdown';

/** Connections that the system accepts before the process has looked at them; it may allow fewer. */
const BACKLOG = 4096;

/** What a service is made of. `app` is given once the module is built: `app => [{ name: 'database', check: () => app.get(Database).isReady() }]`. */
export interface ServiceOptions {
  readonly name: string;
  readonly module: Type | DynamicModule;
  readonly config: ServiceConfig;
  /** Body parsers, as `fastify => { acceptForms(fastify, parseForm); }`; without it no body is accepted. */
  readonly bodies?: (fastify: FastifyInstance) => void;
  /** Plugins and routes of Fastify itself. */
  readonly plugins?: (fastify: FastifyInstance) => Promise<void> | void;
  /** Connects transports (`app.connectMicroservice`); they are started in the background, so a bus that is down keeps nobody from listening. */
  readonly microservices?: (app: NestFastifyApplication) => void;
  /** Starts what runs beside the requests (a relay, a feed), once the service listens. Must neither throw nor wait. */
  readonly background?: (app: NestFastifyApplication) => void;
  readonly readiness?: (app: NestFastifyApplication) => readonly ReadinessCheck[];
  /** What is still to be done at shutdown once the last request is answered, in this order. */
  readonly drain?: (app: NestFastifyApplication) => readonly DrainStep[];
  /** Where `/metrics` finds the service's own metrics. */
  readonly registry?: Registry;
}

/** A service that listens. `close` answers what was accepted, drains, and resolves to whether all of it was done in time. */
export interface RunningService { readonly app: NestFastifyApplication; readonly url: string; close(): Promise<boolean> }

/** Builds a service and listens. Takes no part in the process's signals: for tests; a service's `main.ts` calls `startService`. */
export async function serve(options: ServiceOptions, log: ServiceLog = makeLog(options.name, options.config)): Promise<RunningService> {
  const { config, registry = new Registry() } = options;
  const admission = new Admission({ busyMs: config.BUSY_MILLISECONDS, longestWaitMs: config.LONGEST_WAIT_MILLISECONDS, waiting: config.REQUESTS_WAITING });
  const adapter = new ServiceHttpAdapter(config, admission), durations = new RequestDurations();
  observeRequests(adapter, log, durations);
  const app = await NestFactory.create<NestFastifyApplication>(options.module, adapter, { bodyParser: false, abortOnError: false, logger: nestLogger(log) });
  const fastify: FastifyInstance = app.getHttpAdapter().getInstance();
  (options.bodies ?? refuseBodies)(fastify);
  serveHealth(fastify, options.readiness?.(app) ?? [], log);
  countAdmission(registry, admission);
  serveMetrics(fastify, registry, durations);
  await options.plugins?.(fastify);
  options.microservices?.(app);
  await app.init();
  // Not app.listen(): it may log a taken port and live on.
  const url = await fastify.listen({ host: config.HOST, port: config.PORT, backlog: BACKLOG });
  log.info(`listening on ${url}`);
  if (options.microservices) app.startAllMicroservices().catch((error: unknown) => { log.error({ err: error }, 'a transport could not be started'); });
  options.background?.(app);
  const drain = options.drain?.(app) ?? [];
  let closing: Promise<boolean> | undefined;
  return { app, url, close: () => closing ??= shutDown({ app, fastify, drain, seconds: config.SHUTDOWN_SECONDS, log }) };
}

/**
 * Runs a service as this process. On SIGTERM, SIGINT, or the end of its parent's pipe it stops gracefully and exits with 0 (1 if it ran out of time); a second
 * signal exits at once. A service that cannot be built or cannot listen says why and exits with 1.
 */
export async function startService(options: ServiceOptions): Promise<void> {
  const log = makeLog(options.name, options.config);
  let service: RunningService | undefined;
  let stopping = false;
  const stop = (why: string): void => {
    if (stopping || !service) { log.warn(`${why}: exiting at once`); process.exit(stopping ? 1 : 0); }
    stopping = true;
    log.info(`${why}: shutting down`);
    void service.close().then(complete => { log.info('stopped'); process.exit(complete ? 0 : 1); });
  };
  process.on('SIGTERM', () => { stop('SIGTERM'); });
  process.on('SIGINT', () => { stop('SIGINT'); });
  process.on('uncaughtException', error => { log.fatal({ err: error }, 'an error that nothing caught'); process.exit(1); });
  if (options.config.STROWGER_PARENT_PIPE) process.stdin.on('end', () => { if (!stopping) stop('the parent is gone'); }).resume();
  try {
    service = await serve(options, log);
  } catch (error) {
    log.fatal({ err: error }, error instanceof Error && 'code' in error && error.code === 'EADDRINUSE'
      ? `cannot listen on ${options.config.HOST}:${String(options.config.PORT)}: the port is taken` : 'cannot start');
    process.exit(1);
  }
}
