import { LoggerService } from '@nestjs/common';
import { Logger as NestPino, PinoLogger } from 'nestjs-pino';
import { DestinationStream, Logger as Pino, pino } from 'pino';
import { requestId } from './request-context';
import { ServiceConfig } from './service.config';

export type ServiceLog = Pino;

const SECRET_FIELDS = [
  'authorization', 'cookie', 'password', 'current_password', 'secret', 'client_secret', 'token', 'access_token', 'refresh_token', 'code_verifier',
];
const CAUSES_LOGGED = 5;

/**
 * The log of a service: one JSON object a line, with the id of the request that it speaks of. Fields that hold credentials are removed,
 * and of an error only name, code, message, stack and causes are kept: drivers hang whole documents on theirs.
 */
export function makeLog(name: string, config: Pick<ServiceConfig, 'LOG_LEVEL' | 'STROWGER_INSTANCE'>, destination?: DestinationStream): ServiceLog {
  const options = {
    level: config.LOG_LEVEL,
    base: { service: name, instance: config.STROWGER_INSTANCE },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
    mixin: () => { const id = requestId(); return id === undefined ? {} : { request_id: id }; },
    serializers: { err: (error: unknown) => describeError(error), error: (error: unknown) => describeError(error) },
    redact: { paths: SECRET_FIELDS.flatMap(field => [field, `*.${field}`, `*.*.${field}`]), remove: true },
  };
  return destination ? pino(options, destination) : pino(options);
}

/** Nest's own lines, and those of `new Logger('name')` of @nestjs/common, into the service's log. */
export function nestLogger(log: ServiceLog): LoggerService {
  return new NestPino(new PinoLogger({ pinoHttp: { logger: log } }), {});
}

function describeError(error: unknown, depth = 0): unknown {
  if (!(error instanceof Error)) return typeof error === 'string' ? { message: error } : { message: `not an error but ${typeof error}` };
  const code = 'code' in error && (typeof error.code === 'string' || typeof error.code === 'number') ? { code: error.code } : {};
  const cause = error.cause !== undefined && depth < CAUSES_LOGGED ? { cause: describeError(error.cause, depth + 1) } : {};
  return { type: error.name, ...code, message: error.message, stack: error.stack, ...cause };
}
