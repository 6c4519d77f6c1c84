import { Controller } from '@nestjs/common';
import { MessagePattern, Payload, Transport } from '@nestjs/microservices';
import { rpc } from '@strowger/contracts/bus-users';
import { AnnouncementReply } from '@strowger/contracts/scope-announcement';
import type { RpcRequest, RpcRoute } from '@strowger/messaging/nats-rpc';
import { RpcError } from '@strowger/messaging/rpc-error';
import { StartUp } from '@strowger/service/start-up';
import { z } from 'zod';
import { AnnounceScopes } from './announce-scopes';
import { announcementOf } from './announcement.request';

/** Announcements on the bus: the subject, which only its service may publish, says who asks. */
export const announcementRoute: RpcRoute = { subject: rpc.announceScopesOfAny, asker: 'last token of the subject', body: z.unknown() };

/** Answers `strowger.rpc.scope.announce.<service>`. */
@Controller()
export class AnnouncementController {
  constructor(private readonly announcements: AnnounceScopes, private readonly startUp: StartUp) {}

  /** @throws RpcError dropped - nobody is named as the asker; invalid_request - the body is no announcement; temporarily_unavailable - the catalogue cannot be written yet */
  @MessagePattern(rpc.announceScopesOfAny, Transport.NATS)
  async announce(@Payload() { asker, body }: RpcRequest<unknown>): Promise<AnnouncementReply> {
    if (asker === undefined) throw new RpcError('dropped', 'an announcement of nobody');
    const { scopes } = announcementOf(body);
    if (!this.startUp.isReady()) throw new RpcError('temporarily_unavailable', 'the catalogue is not ready yet; announce again');
    return this.announcements.announce(asker, scopes);
  }
}
