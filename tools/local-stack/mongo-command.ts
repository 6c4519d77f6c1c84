import { connect } from 'node:net';
import { deserialize, Document, serialize } from 'bson';

const OP_MSG = 2013, HEADER_BYTES = 21;

/**
 * Sends one command to a MongoDB server on 127.0.0.1 and returns its reply: for readiness and set-up, where a whole driver
 * would be too much. `command` names its database as `$db`.
 * @throws Error - no reply within `timeoutMs`
 */
export function mongoCommand(port: number, command: Document, timeoutMs = 2000): Promise<Document> {
  const body = serialize(command), message = Buffer.alloc(HEADER_BYTES + body.length);
  message.writeInt32LE(message.length, 0);
  message.writeInt32LE(OP_MSG, 12);
  message.set(body, HEADER_BYTES);
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1');
    let received = Buffer.alloc(0);
    const fail = (reason: string) => () => { socket.destroy(); reject(new Error(`port ${String(port)}: ${reason}`)); };
    const timer = setTimeout(fail('no reply in time'), timeoutMs);
    socket.once('error', fail('cannot be reached')).once('close', () => { clearTimeout(timer); fail('closed the connection')(); });
    socket.on('data', (data: Buffer) => {
      received = Buffer.concat([received, data]);
      if (received.length < 4 || received.length < received.readInt32LE(0)) return;
      resolve(deserialize(received.subarray(HEADER_BYTES)));
      socket.destroy();
    });
    socket.write(message);
  });
}
