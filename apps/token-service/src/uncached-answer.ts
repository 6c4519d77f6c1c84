import type { FastifyReply } from 'fastify';

/** Sends JSON that no cache may keep. `json` is the text itself, so that nothing on its way looks at it again. */
export function answerUncached(reply: FastifyReply, json: string): void {
  reply.header('cache-control', 'no-store').header('pragma', 'no-cache').header('content-type', 'application/json; charset=utf-8').send(json);
}
