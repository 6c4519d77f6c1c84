import { Controller } from '@nestjs/common';
import { EventPattern, Payload, Transport } from '@nestjs/microservices';
import { rpc } from '@strowger/contracts/bus-users';
import { FeedAsk } from '@strowger/contracts/feed-mark';
import type { RpcRequest, RpcRoute } from '@strowger/messaging/nats-rpc';
import { FeedMarks } from './feed-marks';

/** Nobody is answered: the mark goes into the feed. */
export const feedAskRoute: RpcRoute<FeedAsk> = { subject: rpc.askFeed, asker: 'nobody', body: FeedAsk };

/** Takes the nonces of `strowger.rpc.feed.ask`. */
@Controller()
export class FeedController {
  constructor(private readonly marks: FeedMarks) {}

  @EventPattern(rpc.askFeed, Transport.NATS)
  ask(@Payload() { body }: RpcRequest<FeedAsk>): void { this.marks.ask(body.nonce); }
}
