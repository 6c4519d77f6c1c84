import type { INestApplication } from '@nestjs/common';
import type { FastifyInstance } from 'fastify';
import { ServiceLog } from './service-log';

const IDLE_CHECK_MS = 50;

/** Something a stopping service still owes, once it answers nobody any more: what is not published yet, a consumer's messages in hand. */
export interface DrainStep { readonly name: string; run(): Promise<unknown> }

/**
 * Stops a service: takes no new connection, answers what it accepted, runs the drain steps in their order, closes the application.
 * Answering may take half of `seconds`, everything together `seconds`; what is late is given up and named in the log.
 * @returns whether everything was done in time
 */
export async function shutDown(
  { app, fastify, drain, seconds, log }: { app: INestApplication; fastify: FastifyInstance; drain: readonly DrainStep[]; seconds: number; log: ServiceLog },
): Promise<boolean> {
  const end = performance.now() + seconds * 1000;
  let complete = await within(stopListening(fastify), seconds * 500);
  if (!complete) {
    log.warn('requests not answered in time: their connections are closed');
    fastify.server.closeAllConnections();
  }
  for (const step of [...drain, { name: 'close the application', run: () => app.close() }]) {
    try {
      if (await within(step.run(), end - performance.now())) continue;
      log.error(`shutdown: no time left to ${step.name}`);
    } catch (error) {
      log.error({ err: error }, `shutdown: could not ${step.name}`);
    }
    complete = false;
  }
  return complete;
}

/** Resolves when every accepted request is answered. A kept-alive connection is closed as soon as its answer is out. */
async function stopListening(fastify: FastifyInstance): Promise<void> {
  const timer = setInterval(() => { fastify.server.closeIdleConnections(); }, IDLE_CHECK_MS);
  try {
    await fastify.close();
  } finally {
    clearInterval(timer);
  }
}

async function within(work: Promise<unknown>, ms: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<false>(resolve => { timer = setTimeout(() => { resolve(false); }, Math.max(0, ms)); });
  try {
    return await Promise.race([work.then(() => true as const), late]);
  } finally {
    clearTimeout(timer);
  }
}
