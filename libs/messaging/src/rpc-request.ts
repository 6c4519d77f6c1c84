import { RpcReply } from '@strowger/contracts/scope-announcement';
import { z } from 'zod';
import { Bus, BusUnavailable } from './bus';

const ANSWERED_WITHIN_MS = 2000;

/** The answerer refused (`code`, its word for it), or gave no reply of this bus (`server_error`). */
export class RpcRefusal extends Error {
  override readonly name = 'RpcRefusal';
  constructor(readonly code: string, readonly description: string, cause?: unknown) { super(`${code}: ${description}`, { cause }); }
}

/** The message is larger than one of this bus may be (its `max_payload`): nothing was sent, and it never will be. Sizes in bytes. */
export class MessageTooLarge extends Error {
  override readonly name = 'MessageTooLarge';
  constructor(readonly bytes: number, readonly most: number) { super(`a message of ${String(bytes)} bytes; the bus takes ${String(most)} at most`); }
}

/**
 * Asks another service over the bus and gives the `ok` of its reply, parsed by `shape`.
 * @throws BusUnavailable - not connected; nothing was sent
 * @throws MessageTooLarge - the bus does not take a message of this size; nothing was sent
 * @throws RpcRefusal - the answerer refused, or its reply is none
 * @throws an error of the NATS client - no answer within 2 s (it may have been handled), nobody answers, or not allowed
 */
export async function rpcRequest<T>(bus: Bus, subject: string, body: unknown, shape: z.ZodType<T>): Promise<T> {
  if (!bus.connected) throw new BusUnavailable();
  const connection = await bus.connection(), text = JSON.stringify(body), bytes = Buffer.byteLength(text), most = connection.info?.max_payload ?? Infinity;
  if (bytes > most) throw new MessageTooLarge(bytes, most);
  const message = await connection.request(subject, text, { timeout: ANSWERED_WITHIN_MS });
  const reply = parsed(RpcReply, message.data);
  if ('error' in reply) throw new RpcRefusal(reply.error, reply.error_description);
  return parsedValue(shape, reply.ok);
}

function parsed<T>(shape: z.ZodType<T>, bytes: Uint8Array): T {
  try {
    return shape.parse(JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8')));
  } catch (error) { throw new RpcRefusal('server_error', 'the reply is not one of this bus', error); }
}

function parsedValue<T>(shape: z.ZodType<T>, value: unknown): T {
  const result = shape.safeParse(value);
  if (!result.success) throw new RpcRefusal('server_error', 'the reply is not of the expected shape', result.error);
  return result.data;
}
