import { RpcException } from '@nestjs/microservices';

/** A refusal on the bus: the asker is told `{ error, error_description }`; `cause` goes to the log only. */
export class RpcError extends RpcException {
  override readonly name = 'RpcError';

  /** `code` is a stable word (`invalid_request`), `description` a public sentence. */
  constructor(readonly code: string, readonly description: string, override readonly cause?: unknown) {
    super({ error: code, error_description: description });
    this.message = `${code}: ${description}`;
  }
}
