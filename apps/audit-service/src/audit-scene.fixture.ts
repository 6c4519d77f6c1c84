import 'reflect-metadata';
import { randomBytes } from 'node:crypto';
import { createServer, Server } from 'node:http';
import { AddressInfo } from 'node:net';
import { Registry } from 'prom-client';
import { encodeBatch } from '@strowger/contracts/cloud-event';
import { EventType, subjectOf } from '@strowger/contracts/event-catalogue';
import { Bus } from '@strowger/messaging/bus';
import { JetStreamPublisher } from '@strowger/messaging/jetstream-publisher';
import { provisionStream } from '@strowger/messaging/provision-stream';
import { AUDIT_DEAD_LETTERS, AuditDeadLetterDocument } from '@strowger/models/audit-dead-letters/audit-dead-letters.schema';
import { AUDIT_EVENTS, AuditEventDocument } from '@strowger/models/audit-events/audit-events.schema';
import { Database } from '@strowger/models/database';
import { AccessTokenClaims } from '@strowger/oauth-core/facts';
import { RunningService, serve } from '@strowger/service/start-service';
import { serversFor, TestServers } from '../../../test/servers';
import { eventually } from '../../../test/system';
import { auditService } from './audit-service';
import { auditServiceConfig } from './audit-service.config';

const silent = { info: () => undefined, warn: () => undefined, error: () => undefined };

export interface TestEvent extends Record<string, unknown> { id: string; type: string; subject: string; time: string; data: Record<string, unknown> }
/** An event as token-service would publish it; with a random id unless told otherwise. */
export function issued(changes: Partial<TestEvent> = {}, data: Record<string, unknown> = {}): TestEvent {
  const id = changes.id ?? randomBytes(16).toString('base64url');
  return {
    specversion: '1.0', source: '/token-service/i1', type: 'token.issued', time: '2026-11-21T12:00:00.000Z', datacontenttype: 'application/json', ...changes, id, subject: changes.subject ?? id,
    data: {
      tenant_id: 't1', version: 1, token_id: id, application_id: 'a1', client_id: 'c1', client_name: 'App', account_id: 'p1', username: 'alice', grant_type: 'password',
      scope: 'rest:calllog:read', token_format: 'jwt', expires_at: '2026-11-21T13:00:00.000Z', ...data,
    },
  };
}

type Answer = { status: number; body: Record<string, unknown>; headers: Headers };

/** A MongoDB, a nats-server, a stand-in for token-service's introspection, and as many audit-services as a test starts. */
export class AuditScene {
  readonly database: Database;
  private readonly instances: { readonly service: RunningService; readonly registry: Registry }[] = [];
  private readonly buses = new Map<string, Bus>();

  private constructor(readonly servers: TestServers, private readonly introspection: Server) {
    this.database = new Database({ MONGODB_URI: servers.mongodbUri });
  }

  static async start(name: string): Promise<AuditScene> {
    const servers = await serversFor(name);
    await provisionStream({ url: servers.natsUrl, user: 'provisioner', password: servers.busPassword('provisioner') });
    const introspection = createServer((request, response) => {
      let body = '';
      request.on('data', chunk => { body += String(chunk); }).on('end', () => { response.setHeader('content-type', 'application/json').end(JSON.stringify(introspect(new URLSearchParams(body).get('token') ?? ''))); });
    });
    await new Promise<void>(resolve => introspection.listen(0, '127.0.0.1', resolve));
    const scene = new AuditScene(servers, introspection);
    await scene.database.connected();
    return scene;
  }

  /** Starts an instance and waits until it is ready. */
  async instance(): Promise<{ url: string; metric: (line: string) => Promise<number> }> {
    const registry = new Registry();
    const service = await serve(auditService(auditServiceConfig({
      PORT: '0', LOG_LEVEL: 'silent', MONGODB_URI: this.servers.mongodbUri, NATS_URL: this.servers.natsUrl, NATS_USER: 'audit-service', NATS_PASSWORD: this.servers.busPassword('audit-service'),
      TOKEN_SERVICE_URL: `http://127.0.0.1:${String((this.introspection.address() as AddressInfo).port)}`, STROWGER_SERVICE_ID: 'audit-service', STROWGER_SERVICE_SECRET: 'x'.repeat(32), API_REQUESTS_PER_MINUTE: '1000000',
    }), registry));
    this.instances.push({ service, registry });
    await eventually('the service to be ready', async () => (await fetch(`${service.url}/health/ready`)).ok);
    const metric = async (line: string) => Number(new RegExp(`^${line.replace(/[{}]/g, '\\$&')} (\\d+)`, 'm').exec(await registry.metrics())?.[1] ?? 0);
    return { url: service.url, metric };
  }

  /** A bus user's publisher. */
  publisher(user: string): JetStreamPublisher {
    const bus = this.buses.get(user) ?? new Bus({ NATS_URL: this.servers.natsUrl, NATS_USER: user, NATS_PASSWORD: this.servers.busPassword(user) }, silent);
    this.buses.set(user, bus);
    return new JetStreamPublisher(bus);
  }

  /** Publishes as often as it takes, as a relay would: raw bytes, or events of one type. */
  async publish(what: Uint8Array | readonly unknown[], type: EventType = 'token.issued', user = 'token-service'): Promise<void> {
    const batch = what instanceof Uint8Array ? what : encodeBatch(what as object[]);
    await eventually('the bus to take a message', () => this.publisher(user).publish(subjectOf(type), batch).then(() => true, () => false), 30);
  }

  async recorded(filter: object = {}): Promise<AuditEventDocument[]> { return this.database.collection<AuditEventDocument>(AUDIT_EVENTS).find(filter).toArray(); }
  async letters(filter: object = {}): Promise<AuditDeadLetterDocument[]> { return this.database.collection<AuditDeadLetterDocument>(AUDIT_DEAD_LETTERS).find(filter).toArray(); }
  async count(filter: object = {}): Promise<number> { return this.database.collection(AUDIT_EVENTS).countDocuments(filter); }

  async stop(): Promise<void> {
    await Promise.all(this.instances.map(({ service }) => service.close()));
    await Promise.all([...this.buses.values()].map(bus => bus.close()));
    await this.database.close();
    await new Promise(resolve => this.introspection.close(resolve));
    await this.servers.stop();
  }
}

/** `token` is `<role>.<tenant>[.<scope>]` in base64url; whatever else is not active. */
function introspect(token: string): object {
  const [role = '', tenant_id, scope = 'strowger'] = Buffer.from(token, 'base64url').toString().split('.');
  if (!['user', 'auditor', 'administrator'].includes(role)) return { active: false };
  const claims = {
    iss: 'http://localhost', sub: 'p9', aud: 'http://localhost/api', client_id: 'c9', exp: 2e9, iat: 1, jti: 'j', scope, tenant_id, application_id: 'a9', account_kind: 'user', role,
    access_level: 'call_api', read_only: true, impersonation: false, rights: { tenant: 1, application: 1, account: 1 },
  };
  return { active: true, token_type: 'Bearer', username: 'someone', ...(claims as AccessTokenClaims) };
}

/** GET as `<role>.<tenant>[.<scope>]`, or without a token; the path may hold anything. */
export async function get(url: string, path: string, who = 'auditor.t1'): Promise<Answer> {
  const response = await fetch(`${url}${path}`, { headers: who === '' ? {} : { authorization: `Bearer ${Buffer.from(who).toString('base64url')}` } });
  return { status: response.status, body: await response.json() as Record<string, unknown>, headers: response.headers };
}
