import { createServer, Server, Socket } from 'node:net';

const OP_REPLY = 1, OP_QUERY = 2004, OP_MSG = 2013;
const MAX_MESSAGE_BYTES = 48_000_000;
const CHECKSUM_PRESENT = 1, MORE_TO_COME = 2;
const MSG_HEAD = Buffer.alloc(5);
const REPLY_HEAD = Buffer.alloc(20);
REPLY_HEAD.writeInt32LE(8, 0);
REPLY_HEAD.writeInt32LE(1, 16);

/** Answers one command with a BSON document; it never rejects. */
export type Answer = (command: Buffer, sequence: Buffer | undefined) => Promise<Uint8Array>;

let lastRequestId = 0;
function send(socket: Socket, to: number, op: number, head: Buffer, body: Uint8Array): void {
  const message = Buffer.allocUnsafe(16 + head.length + body.length);
  lastRequestId = (lastRequestId + 1) & 0x7fffffff;
  [message.length, lastRequestId, to, op].forEach((value, i) => message.writeInt32LE(value, 4 * i));
  message.set(head, 16);
  message.set(body, 16 + head.length);
  if (!socket.destroyed) socket.write(message);
}

/**
 * The sections of an OP_MSG: kind 0 is the command, kind 1 a document sequence.
 * @throws RangeError - a length does not fit
 */
function sections(message: Buffer, end: number): { command: Buffer; sequence: Buffer | undefined } {
  let command: Buffer | undefined, sequence: Buffer | undefined, at = 20;
  while (at < end) {
    const kind = message[at++], length = message.readInt32LE(at);
    if (length < 5 || at + length > end) throw new RangeError('a section is longer than its message');
    if (kind === 0) command = message.subarray(at, at + length);
    else sequence = message.subarray(message.indexOf(0, at + 4) + 1, at + length);
    at += length;
  }
  if (!command) throw new RangeError('a message without a command');
  return { command, sequence };
}

function receive(socket: Socket, message: Buffer, answer: Answer, greeting: () => Uint8Array): void {
  const id = message.readInt32LE(4), op = message.readInt32LE(12);
  if (op === OP_QUERY) { send(socket, id, OP_REPLY, REPLY_HEAD, greeting()); return; } // only a driver's first greeting
  if (op !== OP_MSG) { socket.destroy(); return; }
  const flags = message.readUInt32LE(16);
  const { command, sequence } = sections(message, message.length - (flags & CHECKSUM_PRESENT ? 4 : 0));
  void answer(command, sequence).then(reply => { if (!(flags & MORE_TO_COME)) send(socket, id, OP_MSG, MSG_HEAD, reply); });
}

/** A TCP server that speaks MongoDB's wire protocol: OP_MSG, and OP_QUERY for a driver's greeting. */
export function wireServer(answer: Answer, greeting: () => Uint8Array): Server {
  return createServer(socket => {
    let parts: Buffer[] = [], have = 0, need = 0;
    socket.setNoDelay(true).on('error', () => socket.destroy());
    socket.on('data', (data: Buffer) => {
      parts.push(data);
      have += data.length;
      while (have >= (need || 4)) {
        const buffer = parts.length === 1 && parts[0] ? parts[0] : Buffer.concat(parts);
        parts = [buffer];
        need ||= buffer.readInt32LE(0);
        if (need < 16 || need > MAX_MESSAGE_BYTES) { socket.destroy(); return; }
        if (have < need) return;
        parts = have > need ? [buffer.subarray(need)] : [];
        have -= need;
        const message = buffer.subarray(0, need);
        need = 0;
        try { receive(socket, message, answer, greeting); } catch { socket.destroy(); return; }
      }
    });
  });
}
