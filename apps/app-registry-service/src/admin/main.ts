import 'reflect-metadata';
import { randomBytes } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Bus } from '@strowger/messaging/bus';
import { Database } from '@strowger/models/database';
import { Sender } from '@strowger/models/outbox/sender';
import { makeLog, nestLogger } from '@strowger/service/service-log';
import { StartUp } from '@strowger/service/start-up';
import { AppRegistryServiceModule, SERVICE } from '../app-registry-service.module';
import { adminConfig } from './admin.config';
import { AdminCommand, BadArguments, parseArguments, USAGE } from './arguments';
import { credentialsOutput } from './credentials-output';
import { InitTenant } from './init-tenant';
import { ResetPassword } from './reset-password';
import { RotateKeys } from './rotate-keys';
import { RotateSecret } from './rotate-secret';

const DATABASE_WITHIN_MS = 15_000;
const BUS_WITHIN_MS = 3000;
type Work = Exclude<AdminCommand, { name: 'help' }>;

async function run(command: Work): Promise<string> {
  const perform = workOf(command);
  const config = adminConfig(command.data);
  const instance = `admin-${randomBytes(4).toString('hex')}`;
  const log = makeLog(SERVICE, { LOG_LEVEL: 'error', STROWGER_INSTANCE: instance }, process.stderr);
  const context = await NestFactory.createApplicationContext(AppRegistryServiceModule.forAdmin(config, instance, log), { logger: nestLogger(log), abortOnError: false });
  try {
    await within(DATABASE_WITHIN_MS, context.get(StartUp).run(), 'the database does not answer');
    // Without the bus its events wait in the outbox, and the service's relay publishes them.
    await Promise.race([context.get(Bus).connection(), pause(BUS_WITHIN_MS, undefined, { ref: false })]);
    return await perform(context);
  } finally {
    context.get(StartUp).stop();
    await context.get(Sender).drain();
    await context.get(Bus).close();
    await context.get(Database).close();
    await context.close();
  }
}

/** @throws BadArguments - what is shown once could not be shown */
function workOf(command: Work): (context: INestApplicationContext) => Promise<string> {
  if (command.name === 'keys rotate') return context => context.get(RotateKeys).run(command.compromised);
  const output = credentialsOutput(command.output, process.stdout);
  return context => {
    switch (command.name) {
      case 'init': return context.get(InitTenant).run(command, output);
      case 'reset-password': return context.get(ResetPassword).run(command.username, output);
      case 'rotate-secret': return context.get(RotateSecret).run(command.clientId, output);
    }
  };
}

async function within<T>(milliseconds: number, work: Promise<T>, otherwise: string): Promise<T> {
  const ending = new AbortController();
  const late = pause(milliseconds, undefined, { signal: ending.signal }).then(() => { throw new Error(otherwise); });
  try {
    return await Promise.race([work, late]);
  } finally {
    ending.abort();
    late.catch(() => undefined);
  }
}

async function main(): Promise<number> {
  try {
    const command = parseArguments(process.argv.slice(2));
    if (command.name === 'help') process.stdout.write(USAGE);
    else process.stderr.write(`${await run(command)}\n`);
    return 0;
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    if (error instanceof BadArguments) process.stderr.write('npm run admin -- --help says more\n');
    return error instanceof BadArguments ? 2 : 1;
  }
}

void main().then(code => { process.exit(code); });
