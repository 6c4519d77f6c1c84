import { connect, createServer, Server, Socket } from 'node:net';
import type { AddressInfo } from 'node:net';

/** Stands between a process and a server, and passes everything on until it is told to keep what the process says to itself: the process notices nothing. */
export class StallingProxy {
  private isStalled = false;
  private readonly sockets = new Set<Socket>();
  private constructor(private readonly server: Server, readonly port: number) {}

  static async to(host: string, port: number): Promise<StallingProxy> {
    const server = createServer();
    await new Promise<void>(resolve => { server.listen(0, '127.0.0.1', resolve); });
    const proxy = new StallingProxy(server, (server.address() as AddressInfo).port);
    server.on('connection', near => {
      const far = connect(port, host);
      for (const [from, to, mayStall] of [[near, far, true], [far, near, false]] as const) {
        proxy.sockets.add(from);
        from.on('data', (data: Buffer) => { if (!(mayStall && proxy.isStalled)) to.write(data); }).on('error', () => to.destroy()).on('close', () => { proxy.sockets.delete(from); to.destroy(); });
      }
    });
    return proxy;
  }

  /** From now on nothing that the process says arrives. */
  stall(): void { this.isStalled = true; }

  stop(): void {
    for (const socket of this.sockets) socket.destroy();
    this.server.close();
  }
}
