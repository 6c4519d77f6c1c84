import 'reflect-metadata';
import { createServer, Server } from 'node:http';
import { AddressInfo } from 'node:net';
import { rpc } from '@strowger/contracts/bus-users';
import { ServiceName } from '@strowger/contracts/event-catalogue';
import { AnnouncedScope, AnnouncementReply } from '@strowger/contracts/scope-announcement';
import { Bus } from '@strowger/messaging/bus';
import { rpcRequest } from '@strowger/messaging/rpc-request';
import { Database } from '@strowger/models/database';
import { SCOPES, ScopeDocument } from '@strowger/models/scopes/scopes.schema';
import { Role } from '@strowger/oauth-core/facts';
import { RunningService, serve } from '@strowger/service/start-service';
import { serversFor, TestServers } from '../../../test/servers';
import { eventually } from '../../../test/system';
import { scopeService } from './scope-service';
import { scopeServiceConfig } from './scope-service.config';

export const quiet = { info: () => undefined, warn: () => undefined, error: () => undefined };
export const announced = (scope: string, more: Partial<AnnouncedScope> = {}): AnnouncedScope => ({ scope, description: `About ${scope}`, access_level: 'call_api', opens: [], ...more });

const claims = {
  iss: 'http://localhost', aud: 'http://localhost/api', client_id: 'c1', exp: 4102444800, iat: 1, jti: 'j1', tenant_id: 't1', application_id: 'a1', account_kind: 'user', role: 'user',
  access_level: 'call_api', read_only: true, impersonation: false, rights: { tenant: 0, application: 0, account: 0 },
};
/** A bearer token of the scope, and of an account, as the introspection of a scene knows it. */
export const tokenOf = (scope: string, sub = 'u1', more: { role?: Role; tenant_id?: string } = {}): string => Buffer.from(JSON.stringify({ scope, sub, ...more })).toString('base64url');
/** Stands for token-service, another process in production. */
const introspection = (): Promise<Server> => new Promise(resolve => {
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part)).on('end', () => {
      const said = JSON.parse(Buffer.from(new URLSearchParams(Buffer.concat(parts).toString()).get('token') ?? '', 'base64url').toString()) as { scope: string; sub: string };
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify(said.scope.startsWith('strowger') ? { active: true, token_type: 'Bearer', username: 'alice', ...claims, ...said } : { active: false }));
    });
  }).listen(0, '127.0.0.1', () => { resolve(server); });
});

/** Servers, instances of the service, and other services on its bus. Announcements are full ones: what one leaves out is withdrawn at once. */
export class ScopeScene {
  private readonly running: RunningService[] = [];
  private readonly buses: Bus[] = [];
  private constructor(readonly servers: TestServers, private readonly tokens: Server, readonly database: Database) {}

  static async begin(name: string): Promise<ScopeScene> {
    const [servers, tokens] = await Promise.all([serversFor(name), introspection()]);
    const database = new Database({ MONGODB_URI: servers.mongodbUri });
    await database.connected();
    return new ScopeScene(servers, tokens, database);
  }

  async end(): Promise<void> {
    await Promise.all(this.running.map(service => service.close()));
    await Promise.all([...this.buses.map(bus => bus.close()), this.database.close()]);
    this.tokens.close();
    await this.servers.stop();
  }

  async start(instance: string, more: Record<string, string> = {}): Promise<RunningService> {
    const service = await serve(scopeService(scopeServiceConfig({
      HOST: '127.0.0.1', PORT: '0', LOG_LEVEL: 'silent', STROWGER_INSTANCE: instance, MONGODB_URI: this.servers.mongodbUri, NATS_URL: this.servers.natsUrl, NATS_USER: 'scope-service',
      NATS_PASSWORD: this.servers.busPassword('scope-service'), TOKEN_SERVICE_URL: `http://127.0.0.1:${String((this.tokens.address() as AddressInfo).port)}`, STROWGER_SERVICE_ID: 'scope-service',
      STROWGER_SERVICE_SECRET: 'not-a-secret-of-anything', SCOPE_ABSENT_SECONDS: '0', API_REQUESTS_PER_MINUTE: '1000000', ...more,
    })));
    this.running.push(service);
    await eventually(`${instance} to be ready`, async () => (await fetch(`${service.url}/health/ready`)).ok);
    return service;
  }

  async stop(service: RunningService): Promise<boolean> {
    this.running.splice(this.running.indexOf(service), 1);
    return service.close();
  }

  busOf(user: ServiceName): Bus {
    const bus = new Bus({ NATS_URL: this.servers.natsUrl, NATS_USER: user, NATS_PASSWORD: this.servers.busPassword(user) }, quiet);
    this.buses.push(bus);
    return bus;
  }

  async announce(bus: Bus, scopes: readonly AnnouncedScope[], as: ServiceName): Promise<AnnouncementReply> {
    await bus.connection();
    return rpcRequest(bus, rpc.announceScopes(as), { scopes }, AnnouncementReply);
  }

  stored(filter: object = {}): Promise<ScopeDocument[]> { return this.database.collection<ScopeDocument>(SCOPES).find(filter).sort({ _id: 1 }).toArray(); }
  async one(scope: string): Promise<ScopeDocument | undefined> { return (await this.stored({ _id: scope }))[0]; }
}
