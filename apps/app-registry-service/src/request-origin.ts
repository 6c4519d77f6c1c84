import { isIP } from 'node:net';
import type { FastifyRequest } from 'fastify';
import { EventSource } from '@strowger/models/outbox/make-event';
import { AccessTokenClaims } from '@strowger/oauth-core/facts';
import { Origin } from './change-log';

/** Tells where a request comes from, for the events of what it changes. */
export class RequestOrigin {
  constructor(private readonly source: EventSource, private readonly now: () => Date) {}

  of(request: FastifyRequest, { sub, client_id, act }: AccessTokenClaims): Origin {
    const agent = request.headers['user-agent'];
    return {
      source: this.source, time: this.now(), by: { account_id: sub, client_id, ...(act && { act }) }, request_id: request.id, ip: isIP(request.ip) ? request.ip : request.socket.remoteAddress ?? 'unknown',
      ...(agent !== undefined && { user_agent: agent }),
    };
  }
}
