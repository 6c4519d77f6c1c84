import 'reflect-metadata';
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer, Server } from 'node:http';
import { AddressInfo } from 'node:net';
import { join, resolve } from 'node:path';
import { Envelope } from '@strowger/contracts/cloud-event';
import { eventCatalogue, isEventType } from '@strowger/contracts/event-catalogue';
import { Bus } from '@strowger/messaging/bus';
import { EventFeed } from '@strowger/messaging/event-feed';
import { AccountDocument, ACCOUNTS } from '@strowger/models/accounts/accounts.schema';
import { ApplicationDocument, APPLICATIONS } from '@strowger/models/applications/applications.schema';
import { Database } from '@strowger/models/database';
import { ScopeDocument, SCOPES } from '@strowger/models/scopes/scopes.schema';
import { TenantDocument, TENANTS } from '@strowger/models/tenants/tenants.schema';
import { AccessTokenClaims } from '@strowger/oauth-core/facts';
import { RunningService, serve } from '@strowger/service/start-service';
import { serversFor, TestServers } from '../../../test/servers';
import { eventually } from '../../../test/system';
import { appRegistryService } from './app-registry-service';
import { appRegistryConfig } from './app-registry-service.config';

const quiet = { info: () => undefined, warn: () => undefined, error: () => undefined };
const COMMAND = resolve(__dirname, '../../../dist/apps/app-registry-service/src/admin/main.js');
const everything = 'strowger gql rest';

/** An answer, whatever its status. */
export interface Answer { readonly status: number; readonly body: Record<string, unknown>; readonly headers: Headers; readonly text: string }
/** Who calls: the claims that the stand-in for token-service answers with. */
export type CallerClaims = Pick<AccessTokenClaims, 'sub' | 'tenant_id'> & Partial<AccessTokenClaims>;
/** What the operator's command printed. */
export interface Printed { readonly code: number; readonly out: string; readonly err: string; readonly file: Record<string, string> }
/** A tenant made by the operator's command, and its administrator. */
export interface MadeTenant { readonly id: string; readonly administrator: CallerClaims; readonly values: Record<string, string> }

/** A MongoDB, a nats-server, a stand-in for token-service's introspection, and as many app-registry-services as a test starts. */
export class AppRegistryScene {
  readonly database: Database;
  /** Every event that arrived on the bus, once for each time it was delivered in this process's feed. */
  readonly events: Envelope[] = [];
  private readonly services: RunningService[] = [];
  private readonly bus: Bus;
  private readonly feed: EventFeed;
  private files = 0;

  private constructor(readonly servers: TestServers, private readonly introspection: Server) {
    this.database = new Database({ MONGODB_URI: servers.mongodbUri });
    this.bus = new Bus({ NATS_URL: servers.natsUrl, NATS_USER: 'token-service', NATS_PASSWORD: servers.busPassword('token-service') }, quiet);
    this.feed = new EventFeed({
      bus: this.bus, filter: 'strowger.feed.>', startSeconds: 3600, log: quiet, onReset: () => { this.events.length = 0; },
      onEvents: (events, subject) => { if (subject.startsWith('strowger.feed.')) this.events.push(...events); },
    });
  }

  static async start(name: string): Promise<AppRegistryScene> {
    const servers = await serversFor(name);
    const introspection = createServer((request, response) => {
      let body = '';
      request.on('data', chunk => { body += String(chunk); }).on('end', () => { response.setHeader('content-type', 'application/json').end(introspected(new URLSearchParams(body).get('token') ?? '')); });
    });
    await new Promise<void>(done => introspection.listen(0, '127.0.0.1', done));
    const scene = new AppRegistryScene(servers, introspection);
    await scene.database.connected();
    await scene.database.collection<ScopeDocument>(SCOPES).insertMany(['rest:callforward:read', 'rest:callforward:write', 'rest:calllog:read', 'gql:users:read'].map(scope => ({
      _id: scope, tenant_id: '_', version: 1, api_type: scope.split(':')[0] ?? '', module: scope.split(':')[1] ?? '', description: scope, access_level: 'call_api', opens: [],
      announced_by: 'pbx-api-service', status: 'active', last_seen: new Date(),
    })));
    scene.feed.start();
    return scene;
  }

  /** Starts one more instance and waits until it is ready. */
  async service(instance: string, more: Record<string, string> = {}): Promise<RunningService> {
    const { servers } = this;
    const port = String((this.introspection.address() as AddressInfo).port);
    const service = await serve(appRegistryService(appRegistryConfig({
      PORT: '0', LOG_LEVEL: 'silent', STROWGER_INSTANCE: instance, MONGODB_URI: servers.mongodbUri, NATS_URL: servers.natsUrl, NATS_USER: 'app-registry-service',
      NATS_PASSWORD: servers.busPassword('app-registry-service'), STROWGER_ISSUER: 'http://localhost:8080', TOKEN_SERVICE_URL: `http://127.0.0.1:${port}`,
      STROWGER_SERVICE_ID: 'app-registry-service', STROWGER_SERVICE_SECRET: 'not-a-secret-of-anything', API_REQUESTS_PER_MINUTE: '1000000', ...more,
    })));
    this.services.push(service);
    await eventually(`${instance} to be ready`, async () => (await fetch(`${service.url}/health/ready`)).ok);
    return service;
  }

  async stopService(service: RunningService): Promise<boolean> {
    this.services.splice(this.services.indexOf(service), 1);
    return service.close();
  }

  /** Runs `npm run admin` as a process of its own; with `output: true` it writes to a file, of which the values are read back. */
  async admin(words: readonly string[], { output = true, env = {} }: { output?: boolean | string; env?: Record<string, string> } = {}): Promise<Printed & { path: string }> {
    const path = typeof output === 'string' ? output : join(this.servers.dataDir, `shown-${String(++this.files)}.env`);
    const { servers } = this;
    const { code, out, err } = await new Promise<{ code: number; out: string; err: string }>(done => {
      execFile(process.execPath, [COMMAND, ...words, ...(output === false ? [] : ['--output', path])], {
        cwd: servers.dataDir, timeout: 60_000,
        env: {
          PATH: process.env['PATH'], MONGODB_URI: servers.mongodbUri, NATS_URL: servers.natsUrl, NATS_USER: 'app-registry-service',
          NATS_PASSWORD: servers.busPassword('app-registry-service'), ...env,
        },
      }, (error, stdout, stderr) => { done({ code: error ? (typeof error.code === 'number' ? error.code : -1) : 0, out: stdout, err: stderr }); });
    });
    return { code, out, err, path, file: valuesOf(path) };
  }

  /** Makes a tenant; its administrator's claims reach everything. */
  async tenant(name: string, username: string): Promise<MadeTenant> {
    const { code, err, file } = await this.admin(['init', '--tenant', name, '--username', username]);
    if (code !== 0) throw new Error(`init failed: ${err}`);
    const id = file['TENANT_ID'] ?? '';
    const [account] = await this.accounts({ tenant_id: id, username });
    return { id, values: file, administrator: { sub: account?._id ?? '', tenant_id: id, role: 'administrator' } };
  }

  async call(service: RunningService, caller: CallerClaims | undefined, method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Answer> {
    const response = await fetch(`${service.url}${path}`, {
      method, redirect: 'manual',
      headers: {
        ...(caller && { authorization: `Bearer ${tokenOf(caller)}` }), 'user-agent': 'int-spec',
        ...(body !== undefined && { 'content-type': body instanceof URLSearchParams ? 'application/x-www-form-urlencoded' : Buffer.isBuffer(body) ? 'image/png' : 'application/json' }), ...headers,
      },
      ...(body !== undefined && { body: body instanceof URLSearchParams || typeof body === 'string' ? body : Buffer.isBuffer(body) ? new Uint8Array(body) : JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, headers: response.headers, text, body: text.startsWith('{') ? JSON.parse(text) as Record<string, unknown> : {} };
  }

  applications(filter: object): Promise<ApplicationDocument[]> { return this.database.collection<ApplicationDocument>(APPLICATIONS).find(filter).sort({ _id: 1 }).toArray(); }
  accounts(filter: object): Promise<AccountDocument[]> { return this.database.collection<AccountDocument>(ACCOUNTS).find(filter).sort({ _id: 1 }).toArray(); }
  tenants(filter: object): Promise<TenantDocument[]> { return this.database.collection<TenantDocument>(TENANTS).find(filter).sort({ _id: 1 }).toArray(); }

  /** The events of a document, once nothing is owed any more and as many have arrived as its version tells (a change is at least one event). */
  async eventsOf(id: string, types: readonly string[]): Promise<Envelope[]> {
    await this.settled();
    return eventually(`${types.join(', ')} of ${id}`, () => {
      const found = this.events.filter(event => event.subject === id);
      return Promise.resolve(found.length >= types.length && found);
    });
  }

  /** Nothing is owed to the bus any more. */
  async settled(): Promise<void> { await eventually('an empty outbox', async () => await this.database.collection('outbox').countDocuments() === 0); }

  async stop(): Promise<void> {
    await Promise.all(this.services.map(service => service.close()));
    await this.feed.close();
    await Promise.all([this.bus.close(), this.database.close()]);
    this.introspection.close();
    await this.servers.stop();
  }
}

/** Whether an event is exactly what the catalogue says of its type. */
export const isOfCatalogue = (event: Envelope): boolean => isEventType(event.type) && eventCatalogue[event.type].data.strict().safeParse(event['data']).success;

/** The token is the claims themselves: a stand-in, judged by the stand-in below. */
const tokenOf = (claims: CallerClaims): string => Buffer.from(JSON.stringify(claims)).toString('base64url');

function introspected(token: string): string {
  try {
    const claims = JSON.parse(Buffer.from(token, 'base64url').toString()) as CallerClaims;
    return JSON.stringify({
      active: true, token_type: 'Bearer', username: 'somebody', iss: 'http://localhost:8080', aud: 'http://localhost:8080/api', client_id: 'c'.repeat(32), exp: 4102444800, iat: 1, jti: 'j',
      scope: everything, application_id: 'app', account_kind: 'user', role: 'user', access_level: 'all', read_only: false, impersonation: false,
      rights: { tenant: 1, application: 1, account: 1 }, ...claims,
    });
  } catch {
    return JSON.stringify({ active: false });
  }
}

function valuesOf(path: string): Record<string, string> {
  try {
    return Object.fromEntries([...readFileSync(path, 'utf8').matchAll(/^([A-Z_]+)='(.*)'$/gm)].map(([, name = '', value = '']) => [name, value]));
  } catch {
    return {};
  }
}
