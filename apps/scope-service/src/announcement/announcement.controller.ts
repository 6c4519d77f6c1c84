import { Controller } from '@nestjs/common';
import { MessagePattern, Payload, Transport } from '@nestjs/microservices';
import { rpc } from '@strowger/contracts/bus-users';
import { AnnouncementReply, ScopeAnnouncement } from '@strowger/contracts/scope-announcement';
import type { RpcRequest, RpcRoute } from '@strowger/messaging/nats-rpc';
import { RpcError } from '@strowger/messaging/rpc-error';
import { StartUp } from '../start-up';
import { AnnounceScopes } from './announce-scopes';

/** Announcements on the bus: the subject, which only its service may publish, says who asks. */
export const announcementRoute: RpcRoute<ScopeAnnouncement> = { subject: rpc.announceScopesOfAny, asker: 'last token of the subject', body: ScopeAnnouncement };

/** Answers `strowger.rpc.scope.announce.<service>`. */
@Controller()
export class AnnouncementController {
  constructor(private readonly announcements: AnnounceScopes, private readonly startUp: StartUp) {}

  /** @throws RpcError dropped - nobody is named as the asker; temporarily_unavailable - the catalogue cannot be written yet */
  @MessagePattern(rpc.announceScopesOfAny, Transport.NATS)
  async announce(@Payload() { asker, body }: RpcRequest<ScopeAnnouncement>): Promise<AnnouncementReply> {
    if (asker === undefined) throw new RpcError('dropped', 'an announcement of nobody');
    if (!this.startUp.isReady()) throw new RpcError('temporarily_unavailable', 'the catalogue is not ready yet; announce again');
    return this.announcements.announce(asker, body.scopes);
  }
}
