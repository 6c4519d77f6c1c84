import { connect, Socket } from 'node:net';

/** An answer, as far as the load generator looks at it. `status` 0: the connection was lost. */
export interface Answer { readonly status: number; readonly retryAfter: boolean; readonly body: Buffer }

const HEAD_END = Buffer.from('\r\n\r\n');
const LOST: Answer = { status: 0, retryAfter: false, body: Buffer.alloc(0) };

/** One kept-alive HTTP/1.1 connection with one request under way at most. Costs the machine as little as it can. */
export class Connection {
  private socket: Socket | undefined;
  private received: Buffer = Buffer.alloc(0);
  private answered: ((answer: Answer) => void) | undefined;

  constructor(private readonly port: number) {}

  /** Sends a whole request, and calls back with its answer. */
  send(request: string, answered: (answer: Answer) => void): void {
    this.answered = answered;
    (this.socket ?? this.open()).write(request, 'latin1');
  }

  close(): void { this.socket?.destroy(); }

  private open(): Socket {
    const socket = connect({ port: this.port, host: '127.0.0.1', noDelay: true });
    socket.on('data', data => { this.take(data); }).on('error', () => undefined).on('close', () => {
      if (this.socket === socket) this.socket = undefined;
      this.received = Buffer.alloc(0);
      this.finish(LOST);
    });
    return this.socket = socket;
  }

  private take(data: Buffer): void {
    this.received = this.received.length === 0 ? data : Buffer.concat([this.received, data]);
    const end = this.received.indexOf(HEAD_END);
    if (end < 0) return;
    const head = this.received.toString('latin1', 0, end), start = end + HEAD_END.length;
    const length = Number(/\r\ncontent-length: *(\d+)/i.exec(head)?.[1] ?? 0);
    if (this.received.length < start + length) return;
    const body = this.received.subarray(start, start + length);
    this.received = Buffer.alloc(0);
    const status = Number(head.slice(9, 12));
    if (/\r\nconnection: *close/i.test(head)) { this.socket?.destroy(); this.socket = undefined; }
    this.finish({ status, retryAfter: status >= 400 && /\r\nretry-after: *\d/i.test(head), body });
  }

  private finish(answer: Answer): void {
    const { answered } = this;
    this.answered = undefined;
    answered?.(answer);
  }
}
