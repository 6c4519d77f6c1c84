import { deserialize } from 'bson';
import { connect, createServer, Server, Socket } from 'node:net';
import { freePort } from '../../tools/local-stack/free-port';
import { SeededRandom } from './seeded-random';

/** What becomes of a write: `forward` it; `drop` its answer and the connection with it; `withhold` the answer and say nothing; `swallow` the write itself. */
export type Fate = 'forward' | 'drop' | 'withhold' | 'swallow';
/** A command that writes, and to which collection (of a commit: none). */
export interface Write { readonly command: string; readonly collection: string }

const WRITES: ReadonlySet<string> = new Set(['insert', 'update', 'delete', 'findAndModify', 'commitTransaction']);
const HEADER_BYTES = 16, OP_MSG = 2013;

/** Cuts a stream of MongoDB's wire protocol into messages. */
class Messages {
  private rest: Buffer = Buffer.alloc(0);
  *of(bytes: Buffer): Generator<Buffer> {
    let pending = this.rest.length === 0 ? bytes : Buffer.concat([this.rest, bytes]);
    while (pending.length >= 4 && pending.length >= pending.readInt32LE(0)) {
      const length = pending.readInt32LE(0);
      yield pending.subarray(0, length);
      pending = pending.subarray(length);
    }
    this.rest = pending;
  }
}

/** The write that a message is, if it is one: OP_MSG whose first section is the command. */
function writeOf(message: Buffer): Write | undefined {
  if (message.length < HEADER_BYTES + 10 || message.readInt32LE(12) !== OP_MSG || message[HEADER_BYTES + 4] !== 0) return undefined;
  const begin = HEADER_BYTES + 5;
  const [entry] = Object.entries(deserialize(message.subarray(begin, begin + message.readInt32LE(begin))));
  return entry && WRITES.has(entry[0]) ? { command: entry[0], collection: String(entry[1]) } : undefined;
}

/** The way of one process to the database: it can lose a write, or the answer to one that was committed. */
export class DatabaseProxy {
  /** Decides over each write; without it all pass, unread. */
  fate: ((write: Write) => Fate) | undefined;
  /** Writes and answers that were lost. */
  lost = 0;
  private readonly sockets = new Set<Socket>();
  private constructor(readonly uri: string, private readonly server: Server) {}

  /** `target`: the database's URI with one host. The proxy's says `directConnection`, so that the driver does not go past it. */
  static async start(target: string): Promise<DatabaseProxy> {
    const { hostname, port, pathname } = new URL(target), own = await freePort();
    const server = createServer({ noDelay: true });
    const proxy = new DatabaseProxy(`mongodb://127.0.0.1:${String(own)}${pathname}?directConnection=true`, server);
    server.on('connection', client => { proxy.join(client, Number(port), hostname); });
    await new Promise<void>((resolve, reject) => { server.once('error', reject).listen(own, '127.0.0.1', resolve); });
    return proxy;
  }

  stop(): void { for (const socket of this.sockets) socket.destroy(); this.server.close(); }

  private join(client: Socket, port: number, host: string): void {
    const database = connect({ port, host, noDelay: true }), asked = new Messages(), answered = new Messages();
    const fates = new Map<number, Fate>();
    const end = (): void => { client.destroy(); database.destroy(); this.sockets.delete(client); };
    this.sockets.add(client);
    client.on('data', bytes => {
      for (const message of asked.of(bytes)) {
        const write = this.fate && writeOf(message), fate = write && this.fate ? this.fate(write) : 'forward';
        if (fate !== 'forward') { this.lost++; fates.set(message.readInt32LE(4), fate); }
        if (fate !== 'swallow') database.write(message);
      }
    }).on('error', end).on('close', end);
    database.on('data', bytes => {
      for (const message of answered.of(bytes)) {
        const request = message.readInt32LE(8), fate = fates.get(request);
        fates.delete(request);
        if (fate === 'drop') { end(); return; }
        if (fate !== 'withhold') client.write(message);
      }
    }).on('error', end).on('close', end);
  }
}

/** Loses the answers of a share of all writes, half of them with the connection and half without a word. */
export const losesAnswers = (random: SeededRandom, share: number) => (): Fate =>
  random.next() >= share ? 'forward' : random.next() < 0.5 ? 'drop' : 'withhold';
/** Loses every write to one collection. */
export const losesWritesTo = (collection: string) => (write: Write): Fate => write.collection === collection ? 'swallow' : 'forward';
