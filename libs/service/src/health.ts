import type { FastifyInstance } from 'fastify';
import { ServiceLog } from './service-log';

const CHECK_TIMEOUT_MS = 2000;
const RETRY_AFTER_SECONDS = '1';

/** Something without which a service should get no requests: its database, its bus. `name` is shown to whoever asks. */
export interface ReadinessCheck { readonly name: string; check(): boolean | Promise<boolean> }

/** Names of the checks that say no, reject, or do not answer within `timeoutMs`. */
export async function notReady(checks: readonly ReadinessCheck[], timeoutMs = CHECK_TIMEOUT_MS): Promise<string[]> {
  const answers = await Promise.all(checks.map(async check => ({ name: check.name, ready: await answerOf(check, timeoutMs) })));
  return answers.filter(answer => !answer.ready).map(answer => answer.name);
}

async function answerOf(check: ReadinessCheck, timeoutMs: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>(resolve => { timer = setTimeout(() => { resolve(false); }, timeoutMs); });
  // A check that rejects says "not ready"; why is in the log of the part itself.
  const asked = (async () => await check.check())().catch(() => false);
  try {
    return await Promise.race([asked, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Whether nothing has been hung on Object.prototype: what has cannot be trusted any more and must be restarted. */
function isUnpolluted(): boolean {
  for (const _key in {}) return false;
  return true;
}

/** Serves `GET /health/live` and `GET /health/ready` (200, or 503 with the names of what is not ready). Changes go to the log. */
export function serveHealth(fastify: FastifyInstance, checks: readonly ReadinessCheck[], log: ServiceLog): void {
  let known: string | undefined;
  fastify.get('/health/live', async (_request, reply) => {
    await reply.header('cache-control', 'no-store').code(isUnpolluted() ? 200 : 500).send({ status: isUnpolluted() ? 'live' : 'polluted' });
  });
  fastify.get('/health/ready', async (_request, reply) => {
    const missing = await notReady(checks);
    const now = missing.join(', ');
    if (now !== known) {
      if (now === '') log.info('ready'); else log.warn(`not ready: ${now}`);
      known = now;
    }
    reply.header('cache-control', 'no-store');
    if (missing.length === 0) await reply.send({ status: 'ready' });
    else await reply.code(503).header('retry-after', RETRY_AFTER_SECONDS).send({ status: 'not_ready', not_ready: missing });
  });
}
