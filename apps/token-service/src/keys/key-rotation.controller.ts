import { Controller } from '@nestjs/common';
import { MessagePattern, Payload, Transport } from '@nestjs/microservices';
import { rpc } from '@strowger/contracts/bus-users';
import { KeyRotationReply, KeyRotationRequest } from '@strowger/contracts/key-rotation';
import type { RpcRequest, RpcRoute } from '@strowger/messaging/nats-rpc';
import { RpcError } from '@strowger/messaging/rpc-error';
import { RotateKeys } from './rotate-keys';
import { SigningKeys } from './signing-keys';

/** The operator's command, which app-registry-service's bus user asks; nobody else is answered. */
export const keyRotationRoute: RpcRoute<KeyRotationRequest> = { subject: rpc.rotateKeys, asker: { user: 'app-registry-service' }, body: KeyRotationRequest };

/** Answers `strowger.rpc.keys.rotate`. */
@Controller()
export class KeyRotationController {
  constructor(private readonly rotation: RotateKeys, private readonly keys: SigningKeys) {}

  /** @throws RpcError temporarily_unavailable - this instance does not know the keys yet */
  @MessagePattern(rpc.rotateKeys, Transport.NATS)
  async rotate(@Payload() { body }: RpcRequest<KeyRotationRequest>): Promise<KeyRotationReply> {
    if (!this.keys.isReady()) throw new RpcError('temporarily_unavailable', 'token-service does not know the signing keys yet; try again');
    return this.rotation.run(body);
  }
}
