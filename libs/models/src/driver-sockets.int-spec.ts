import { serialize } from 'bson';
import { createServer, Server, Socket } from 'node:net';
import { mongo } from 'mongoose';
import { Database } from './database';

const OP_MSG = 2013, HEADER_BYTES = 16, LONGER_THAN_BETWEEN_HEARTBEATS_MS = 600;

/** Answers every command as a primary answers `hello`, and can lose all its connections at once. */
class Primary {
  mute = false;
  asked = 0;
  lastAsked = 0;
  readonly sockets = new Set<Socket>();
  private readonly server: Server;

  constructor() {
    this.server = createServer(socket => {
      this.sockets.add(socket);
      socket.on('close', () => this.sockets.delete(socket)).on('error', () => undefined).on('data', (bytes: Buffer) => {
        this.asked++;
        this.lastAsked = performance.now();
        if (!this.mute) socket.write(answerTo(bytes));
      });
    });
  }
  async listen(): Promise<string> {
    await new Promise<void>(resolve => this.server.listen(0, '127.0.0.1', resolve));
    const address = this.server.address();
    return `mongodb://127.0.0.1:${String(typeof address === 'object' ? address?.port : address)}/test?directConnection=true`;
  }
  stop(): void { for (const socket of this.sockets) socket.destroy(); this.server.close(); }
}

/** An OP_MSG with one document. */
function answerTo(request: Buffer): Buffer {
  const body = serialize({ ok: 1, isWritablePrimary: true, helloOk: true, minWireVersion: 0, maxWireVersion: 25, maxBsonObjectSize: 2 ** 24, maxMessageSizeBytes: 48e6, maxWriteBatchSize: 1e5, localTime: new Date() });
  const head = Buffer.alloc(HEADER_BYTES + 5);
  head.writeInt32LE(head.length + body.length, 0);
  head.writeInt32LE(request.readInt32LE(4), 8);
  head.writeInt32LE(OP_MSG, 12);
  return Buffer.concat([head, body]);
}

async function eventually(condition: () => boolean | Promise<boolean>): Promise<void> {
  const end = Date.now() + 30_000;
  while (!await condition()) {
    if (Date.now() > end) throw new Error('waited 30 s in vain');
    await new Promise(resolve => setTimeout(resolve, 20));
  }
}

let primary: Primary, database: Database;
beforeEach(async () => {
  primary = new Primary();
  database = new Database({ MONGODB_URI: await primary.listen() });
  await database.connected();
  expect(await database.isReady()).toBe(true);
});
afterEach(async () => { await database.close(); primary.stop(); });

it('a database that ends all its connections at once, while it is asked something, is used again when it is there again', async () => {
  await eventually(() => performance.now() - primary.lastAsked > LONGER_THAN_BETWEEN_HEARTBEATS_MS);
  const before = primary.asked;
  primary.mute = true;
  const unanswered = database.isReady().then(() => undefined, (error: unknown) => error);
  await eventually(() => primary.asked > before);
  for (const socket of primary.sockets) socket.end();      // the monitor's is the first
  expect(await unanswered).toBeInstanceOf(mongo.MongoNetworkError);
  primary.mute = false;
  await eventually(() => database.isReady().catch(() => false));
});

it('a write into a connection that was just reset is a lost connection, which the driver knows to repeat', async () => {
  for (const socket of primary.sockets) socket.resetAndDestroy();
  const error = await database.isReady().then(() => undefined, (thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(mongo.MongoNetworkError);
});
