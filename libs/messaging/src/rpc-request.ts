import { RpcReply } from '@strowger/contracts/scope-announcement';
import { z } from 'zod';
import { Bus, BusUnavailable } from './bus';

const ANSWERED_WITHIN_MS = 2000;

/** The answerer refused (`code`, its word for it), or gave no reply of this bus (`server_error`). */
export class RpcRefusal extends Error {
  override readonly name = 'RpcRefusal';
  constructor(readonly code: string, readonly description: string, cause?: unknown) { super(`${code}: ${description}`, { cause }); }
}

/**
 * Asks another service over the bus and gives the `ok` of its reply, parsed by `shape`.
 * @throws BusUnavailable - not connected; nothing was sent
 * @throws RpcRefusal - the answerer refused, or its reply is none
 * @throws an error of the NATS client - no answer within 2 s (it may have been handled), nobody answers, or not allowed
 */
export async function rpcRequest<T>(bus: Bus, subject: string, body: unknown, shape: z.ZodType<T>): Promise<T> {
  if (!bus.connected) throw new BusUnavailable();
  const message = await (await bus.connection()).request(subject, JSON.stringify(body), { timeout: ANSWERED_WITHIN_MS });
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
