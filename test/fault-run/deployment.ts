import { join } from 'node:path';
import { readFileSync } from 'node:fs';
import { Database } from '@strowger/models/database';
import { freePort } from '../../tools/local-stack/free-port';
import { services, startService } from '../../tools/local-stack/service-environment';
import { Supervised, Supervisor } from '../../tools/local-stack/supervisor';
import { startMutant } from '../mutants/start-mutant';
import { SeededTenant } from '../seeded-tenant';
import { startSystem, System } from '../system';
import { LoadClients } from '../token-load';
import { Trail } from '../trail';
import { BusProxy } from './bus-proxy';
import { DatabaseProxy } from './database-proxy';

export type Service = (typeof services)[number];
/** A process of a service; a token-service has a way of its own to the database. */
export interface Instance { readonly name: string; readonly url: string; readonly process: Supervised; readonly way?: DatabaseProxy }

const PEOPLE = 6, NO_LIMIT = '1000000';

/** Two of every service, on servers of their own, with cables that can be cut. */
export class Deployment {
  private readonly running = new Map<Service, readonly Instance[]>();
  private readonly supervisor = new Supervisor({ log: () => undefined });
  private constructor(readonly system: System, readonly database: Database, readonly bus: BusProxy, readonly trail: Trail) {}

  /** Starts the servers. */
  static async start(): Promise<Deployment> {
    const system = await startSystem('faults');
    const database = new Database({ MONGODB_URI: system.servers.mongodbUri });
    await database.connected();
    return new Deployment(system, database, await BusProxy.start(system.servers.natsUrl), new Trail(database, system.servers.natsMonitorUrl));
  }

  /** Starts both instances of a service, whole or with mutations. */
  async run(service: Service, mutations: readonly string[] = []): Promise<void> {
    const { stack } = this.system, instances: Instance[] = [];
    for (const number of [1, 2]) {
      const name = `${service}-${String(number)}${mutations.map(mutation => `-${mutation}`).join('')}`;
      const port = number === 1 ? stack.ports[service] : await freePort();
      const way = service === 'token-service' ? await DatabaseProxy.start(this.system.servers.mongodbUri) : undefined;
      const env = {
        NATS_URL: this.bus.url, LOG_LEVEL: 'warn', ...(way && { MONGODB_URI: way.uri }),
        ...(service === 'token-service' && { WRONG_PASSWORDS_PER_ACCOUNT_AND_ADDRESS: NO_LIMIT, WRONG_PASSWORDS_PER_ACCOUNT_FROM_STRANGERS: NO_LIMIT, WRONG_PASSWORDS_PER_ADDRESS: NO_LIMIT, BEGINNINGS_PER_ADDRESS_AND_MINUTE: NO_LIMIT }),
      };
      const instance = { instance: name, port, env };
      const isMutable = service === 'token-service' || service === 'audit-service';
      const started = mutations.length > 0 && isMutable
        ? (await startMutant(service, mutations, stack, this.supervisor, instance)).process
        : await startService(service, stack, this.supervisor, instance);
      instances.push({ name, url: `http://127.0.0.1:${String(port)}`, process: started, ...(way && { way }) });
    }
    this.running.set(service, instances);
  }

  async end(service: Service): Promise<void> {
    for (const { process: running, way } of this.instances(service)) { await running.stop(); way?.stop(); }
    this.running.delete(service);
  }

  instances(service: Service): readonly Instance[] { return this.running.get(service) ?? []; }
  /** Where clients ask: the token-services, each three times as often as each front door. */
  get urls(): readonly string[] {
    const tokens = this.instances('token-service').map(instance => instance.url), fronts = this.instances('portal-service').map(instance => instance.url);
    return fronts.length === 0 ? tokens : [...tokens, ...tokens, ...tokens, ...fronts];
  }
  get servers() { return this.system.servers; }

  /** A tenant of its own for each fault, with two machines and people who sign in. */
  async seed(): Promise<{ readonly tenantId: string; readonly clients: LoadClients }> {
    const tenant = await SeededTenant.in(this.database), owner = await tenant.account();
    const accounts = await Promise.all(Array.from({ length: PEOPLE }, () => tenant.account()));
    const jwt = await tenant.application(owner._id), opaque = await tenant.application(owner._id, { token_format: 'opaque' });
    const native = await tenant.application(owner._id, { type: 'native', password_grant: true, secrets: [] });
    const machine = ({ client_id, secret }: typeof jwt) => ({ id: client_id, secret });
    return { tenantId: tenant.id, clients: { machines: [machine(jwt), machine(jwt), machine(opaque)], people: { client: { id: native.client_id }, accounts } } };
  }

  /** The end of a process's log, for an error message. */
  logOf(name: string): string { return readFileSync(join(this.system.stack.logsDirectory, `${name}.log`), 'utf8').slice(-2000); }

  async stop(): Promise<void> {
    await this.supervisor.stopAll();
    for (const { way } of [...this.running.values()].flat()) way?.stop();
    this.bus.stop();
    await this.database.close();
    await this.system.stop();
  }
}
