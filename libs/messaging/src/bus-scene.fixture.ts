import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { BusUser } from '@strowger/contracts/bus-users';
import { encodeBatch } from '@strowger/contracts/cloud-event';
import { serversFor, TestServers } from '../../../test/servers';
import { Bus } from './bus';
import { MessagingLog } from './messaging-log';
import { provisionStream } from './provision-stream';

/** waits until `condition` holds and gives its value. @throws Error - it did not within `milliseconds` */
export async function until<T>(condition: () => T | Promise<T>, what: string, milliseconds = 45_000): Promise<NonNullable<T>> {
  const end = Date.now() + milliseconds;
  for (;;) {
    const value = await condition();
    if (value) return value;
    if (Date.now() > end) throw new Error(`not within ${String(milliseconds)} ms: ${what}`);
    await pause(10);
  }
}

/** a message of the size and shape of a real one. */
export const eventBatch = (ids: readonly string[], type = 'token.issued'): Buffer =>
  encodeBatch(ids.map(id => ({ specversion: '1.0', id, source: '/token-service/a', type, subject: id, time: '2026-01-01T00:00:00.000Z', data: { tenant_id: 't', version: 1 } })));

/** a private bus with its stream, and connections of any of its users. */
export class BusScene {
  readonly lines: { level: string; message: string; fields: object }[] = [];
  readonly log: MessagingLog;
  private readonly opened: Bus[] = [];

  private constructor(readonly servers: TestServers) {
    const at = (level: string) => (fields: object, message: string) => { this.lines.push({ level, message, fields }); };
    this.log = { info: at('info'), warn: at('warn'), error: at('error') };
  }

  static async start(name: string): Promise<BusScene> { return new BusScene(await serversFor(name)); }

  provision(): Promise<void> {
    return provisionStream({ url: this.servers.natsUrl, user: 'provisioner', password: this.servers.busPassword('provisioner') });
  }

  open(user: BusUser['name'], password = this.servers.busPassword(user)): Bus {
    const bus = new Bus({ NATS_URL: this.servers.natsUrl, NATS_USER: user, NATS_PASSWORD: password }, this.log);
    this.opened.push(bus);
    return bus;
  }

  /** kill -9; resolves when the server is gone. */
  async kill(): Promise<void> {
    this.servers.nats.kill('SIGKILL');
    await this.servers.nats.stop();
  }

  /** kill -9 and a start on the same data. */
  async crash(): Promise<void> {
    await this.kill();
    await this.servers.nats.start();
  }

  /** A server that has lost everything: no stream, no consumer. */
  async restartEmpty(): Promise<void> {
    await this.servers.nats.stop();
    rmSync(join(this.servers.dataDir, 'nats', 'store'), { recursive: true, force: true });
    await this.servers.nats.start();
  }

  /** Closes the connections that a test opened. */
  async closeAll(): Promise<void> { await Promise.all(this.opened.splice(0).map(bus => bus.close())); }
  async stop(): Promise<void> {
    await this.closeAll();
    await this.servers.stop();
  }
}
