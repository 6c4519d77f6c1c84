import { connect, createServer, Server, Socket } from 'node:net';
import { freePort } from '../../tools/local-stack/free-port';

/** What stands between the services and the bus. `mute`: what the services say arrives, what the bus answers does not. */
type Mode = 'open' | 'cut' | 'mute';

/** A cable to the bus that can be cut. */
export class BusProxy {
  private mode: Mode = 'open';
  private readonly sockets = new Set<Socket>();
  private constructor(readonly url: string, private readonly server: Server) {}

  /** `target`: `nats://host:port`. */
  static async start(target: string): Promise<BusProxy> {
    const { hostname, port } = new URL(target), own = await freePort();
    const server = createServer({ noDelay: true });
    const proxy = new BusProxy(`nats://127.0.0.1:${String(own)}`, server);
    server.on('connection', client => { proxy.join(client, Number(port), hostname); });
    await new Promise<void>((resolve, reject) => { server.once('error', reject).listen(own, '127.0.0.1', resolve); });
    return proxy;
  }

  /** Ends every connection and lets none through. */
  cut(): void { this.mode = 'cut'; this.endAll(); }
  mute(): void { this.mode = 'mute'; }
  /** Lets everything through again; who heard nothing meanwhile is cut off, so that it does not wait for an answer that was swallowed. */
  mend(): void {
    if (this.mode === 'mute') this.endAll();
    this.mode = 'open';
  }
  stop(): void { this.cut(); this.server.close(); }

  private join(client: Socket, port: number, host: string): void {
    if (this.mode === 'cut') { client.destroy(); return; }
    const bus = connect({ port, host, noDelay: true });
    const end = (): void => { client.destroy(); bus.destroy(); this.sockets.delete(client); };
    this.sockets.add(client);
    client.on('data', bytes => { bus.write(bytes); }).on('error', end).on('close', end);
    bus.on('data', bytes => { if (this.mode !== 'mute') client.write(bytes); }).on('error', end).on('close', end);
  }
  private endAll(): void { for (const socket of this.sockets) socket.destroy(); }
}
