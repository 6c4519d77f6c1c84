import { rpc } from '@strowger/contracts/bus-users';
import { KeyRotationReply, KeyRotationRequest } from '@strowger/contracts/key-rotation';
import { Bus, BusUnavailable } from '@strowger/messaging/bus';
import { RpcError } from '@strowger/messaging/rpc-error';
import { rpcRequest } from '@strowger/messaging/rpc-request';

/** The keys were not rotated; `message` says why, and what then. */
export class NotRotated extends Error {
  override readonly name = 'NotRotated';
}

/** Has token-service rotate the keys that tokens are signed with. */
export class RotateKeys {
  constructor(private readonly bus: Bus) {}

  /** @returns what to tell the operator. @throws NotRotated */
  async run(compromised: boolean): Promise<string> {
    const request: KeyRotationRequest = compromised ? { compromised } : {};
    const reply = await rpcRequest(this.bus, rpc.rotateKeys, request, KeyRotationReply).catch((cause: unknown): never => { throw new NotRotated(explained(cause), { cause }); });
    if (reply.rotated) {
      return compromised
        ? `tokens are signed with ${reply.kid} now; ${reply.previous_kid} is withdrawn: nothing that it signed is believed any more once a resource server has read the keys anew`
        : `tokens are signed with ${reply.kid} now; ${reply.previous_kid} stays published until the last token that it signed has expired`;
    }
    if (reply.reason === 'rotated_meanwhile') return `somebody else rotated at the same moment: tokens are signed with ${reply.kid} now`;
    throw new NotRotated(`not rotated: the next key was published too short a time ago for everybody to know it; that will be so at ${reply.possible_at}. ${compromised ? '' : 'A compromised key is withdrawn at once by --compromised. '}Tokens are signed with ${reply.kid}`);
  }
}

function explained(cause: unknown): string {
  if (cause instanceof BusUnavailable) return 'not rotated: the bus is away';
  if (cause instanceof RpcError) return `not rotated: ${cause.description}`;
  return 'token-service did not answer: whether it rotated is not known. Asking again is safe: a key that was published just now does not sign';
}
