import 'reflect-metadata';
import { randomBytes } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { NestFactory } from '@nestjs/core';
import { Bus } from '@strowger/messaging/bus';
import { Database } from '@strowger/models/database';
import { makeLog, nestLogger } from '@strowger/service/service-log';
import { adminConfig } from './admin.config';
import { AdminCommand, BadArguments, parseArguments, USAGE } from './arguments';
import { Republished, RepublishEvents } from './republish-events';
import { TokenServiceAdminModule } from './token-service-admin.module';

const ANSWER_WITHIN_MS = 15_000;
const SAY_EVERY_MS = 1000;

async function run({ from, to, data }: Exclude<AdminCommand, { name: 'help' }>): Promise<string> {
  const config = adminConfig(data);
  const instance = `admin-${randomBytes(4).toString('hex')}`;
  const log = makeLog('token-service', { LOG_LEVEL: 'error', STROWGER_INSTANCE: instance }, process.stderr);
  const context = await NestFactory.createApplicationContext(TokenServiceAdminModule.with(config, instance, log), { logger: nestLogger(log), abortOnError: false });
  try {
    await within(context.get(Database).connected(), 'the database does not answer');
    await within(context.get(Bus).connection(), 'the bus does not answer');
    const events = await context.get(RepublishEvents).run(from, to, progress());
    return `${String(events)} events of ${from.toISOString()} to ${to.toISOString()} were told again`;
  } finally {
    await context.get(Bus).close();
    await context.get(Database).close();
    await context.close();
  }
}

/** Says how far it has come, at most once a second. */
function progress(): (come: Republished) => void {
  let said = performance.now();
  return ({ at, events, ofAll }) => {
    if (performance.now() - said < SAY_EVERY_MS) return;
    said = performance.now();
    process.stderr.write(`${String(Math.floor(ofAll * 100))} % (${at.toISOString()}), ${String(events)} events\n`);
  };
}

async function within<T>(work: Promise<T>, otherwise: string): Promise<T> {
  const late = pause(ANSWER_WITHIN_MS, undefined, { ref: false }).then(() => { throw new Error(otherwise); });
  late.catch(() => undefined);
  return Promise.race([work, late]);
}

async function main(): Promise<number> {
  try {
    const command = parseArguments(process.argv.slice(2), new Date());
    if (command.name === 'help') process.stdout.write(USAGE);
    else process.stderr.write(`${await run(command)}\n`);
    return 0;
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    if (error instanceof BadArguments) process.stderr.write('npm run admin -- audit republish --help says more\n');
    return error instanceof BadArguments ? 2 : 1;
  }
}

void main().then(code => { process.exit(code); });
