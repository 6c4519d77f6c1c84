import 'reflect-metadata';
import { createServer, Server } from 'node:http';
import { AddressInfo } from 'node:net';
import { AccountDocument, ACCOUNTS } from '@strowger/models/accounts/accounts.schema';
import { Database } from '@strowger/models/database';
import { PbxStore } from '@strowger/models/pbx/pbx.store';
import { AccessTokenClaims } from '@strowger/oauth-core/facts';
import { RunningService, serve } from '@strowger/service/start-service';
import { serversFor, TestServers } from '../../../test/servers';
import { eventually } from '../../../test/system';
import { pbxApiService } from './pbx-api-service';
import { pbxApiServiceConfig } from './pbx-api-service.config';
import { PbxModel, pbxModel } from './seed/pbx-model';
import { seedPbx } from './seed/seed-pbx';

/** Who asks: claims that differ from those of a user's token of an application of level `all`, with every scope. */
export type Who = Partial<AccessTokenClaims> & { readonly sub: string };
export interface Answer { readonly status: number; readonly text: string; readonly headers: Headers; readonly body: Record<string, unknown> }
const NOW = new Date('2026-11-20T12:00:00Z');

const claimsOf = (who: Who): AccessTokenClaims => ({
  iss: 'http://localhost', aud: 'http://localhost/api', client_id: 'c1', exp: 4_102_444_800, iat: 1, jti: 'j1', scope: 'rest gql', tenant_id: 'tenant-a', application_id: 'a1', account_kind: 'user',
  role: 'user', access_level: 'all', read_only: false, impersonation: false, rights: { tenant: 0, application: 0, account: 0 }, ...who,
});
/** A bearer token, as the introspection of a scene knows it. */
export const tokenOf = (who: Who): string => Buffer.from(JSON.stringify(who)).toString('base64url');
/** Stands for token-service, another process in production. */
const introspection = (): Promise<Server> => new Promise(resolve => {
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part)).on('end', () => {
      response.setHeader('content-type', 'application/json');
      try {
        const who = JSON.parse(Buffer.from(new URLSearchParams(Buffer.concat(parts).toString()).get('token') ?? '', 'base64url').toString()) as Who;
        response.end(JSON.stringify({ active: true, token_type: 'Bearer', username: who.sub, ...claimsOf(who) }));
      } catch { response.end(JSON.stringify({ active: false })); }
    });
  }).listen(0, '127.0.0.1', () => { resolve(server); });
});

async function instance(servers: TestServers, tokens: Server, env: Record<string, string>): Promise<RunningService> {
  const service = await serve(pbxApiService(pbxApiServiceConfig({
    HOST: '127.0.0.1', PORT: '0', LOG_LEVEL: 'silent', STROWGER_INSTANCE: 'one', MONGODB_URI: servers.mongodbUri, NATS_URL: servers.natsUrl, NATS_USER: 'pbx-api-service',
    NATS_PASSWORD: servers.busPassword('pbx-api-service'), TOKEN_SERVICE_URL: `http://127.0.0.1:${String((tokens.address() as AddressInfo).port)}`, STROWGER_SERVICE_ID: 'pbx-api-service',
    STROWGER_SERVICE_SECRET: 'not-a-secret-of-anything', STROWGER_ISSUER: 'http://localhost', API_REQUESTS_PER_MINUTE: '1000000', ...env,
  })));
  await eventually('the service to be ready', async () => (await fetch(`${service.url}/health/ready`)).ok);
  return service;
}

/** A running service over two tenants that have the same accounts and the same numbers, and nothing else in common. */
export class PbxScene {
  private constructor(readonly servers: TestServers, private readonly tokens: Server, readonly database: Database, readonly service: RunningService, readonly pbx: PbxStore) {}
  private readonly others: RunningService[] = [];

  static async begin(name: string, env: Record<string, string> = {}): Promise<PbxScene> {
    const [servers, tokens] = await Promise.all([serversFor(name), introspection()]);
    const database = new Database({ MONGODB_URI: servers.mongodbUri });
    await database.connected();
    const service = await instance(servers, tokens, env);
    const scene = new PbxScene(servers, tokens, database, service, new PbxStore(database));
    try {
      await Promise.all(['tenant-a', 'tenant-b'].map((tenant, at) => scene.tenant(tenant, at + 1)));
      return scene;
    } catch (error) {
      await scene.end();      // else what was started keeps the test's process from ending
      throw error;
    }
  }

  /** One more instance, over the same data. */
  async another(env: Record<string, string>): Promise<RunningService> {
    const service = await instance(this.servers, this.tokens, { STROWGER_INSTANCE: 'another', ...env });
    this.others.push(service);
    return service;
  }

  async end(): Promise<void> {
    await Promise.all([this.service, ...this.others].map(service => service.close()));
    await this.database.close();
    this.tokens.close();
    await this.servers.stop();
  }

  async call(who: Who | undefined, method: string, path: string, body?: object | string, { url }: { readonly url: string } = this.service): Promise<Answer> {
    const response = await fetch(url + path, {
      method, headers: {
        ...(who && { authorization: `Bearer ${tokenOf(who)}` }), ...(body !== undefined && { 'content-type': typeof body === 'string' ? 'application/x-www-form-urlencoded' : 'application/json' }),
      }, ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const text = await response.text(), isJson = response.headers.get('content-type')?.includes('json') === true;
    return { status: response.status, text, headers: response.headers, body: isJson && text !== '' ? JSON.parse(text) as Record<string, unknown> : {} };
  }

  /** Everything that a tenant's PBX has, as text: the same text, nothing changed. */
  async everything(tenantId: string): Promise<string> {
    const { extensions, callLog, calls, voicemail, recordings, faxes, switchboards, eventHandlers } = this.pbx, all: unknown[] = [];
    for (const kind of [extensions, callLog, calls, voicemail, recordings, faxes, switchboards, eventHandlers]) for await (const page of kind.pages(tenantId, {})) all.push(...page);
    return JSON.stringify(all);
  }

  private async tenant(tenant: string, seed: number): Promise<void> {
    const account = (name: string, more: Partial<AccountDocument> = {}): AccountDocument => ({
      _id: `${name}-${tenant}`, tenant_id: tenant, version: 1, kind: 'user', username: `${name}-${tenant}`, password_hash: 'x', role: 'user', access: 'full', impersonation: false, status: 'active',
      rights_version: 0, sign_out_version: 0, created_at: NOW, ...more,
    });
    await this.database.collection<AccountDocument>(ACCOUNTS).insertMany([
      account('admin', { role: 'administrator' }), account('alice', { extension_id: '101' }), account('bob', { extension_id: '102' }), account('auditor', { role: 'auditor', extension_id: '103' }),
      account('guest'), account('access', { kind: 'api_access', owner: `alice-${tenant}` }), account('board', { kind: 'api_access', owner: `admin-${tenant}` }),
    ]);
    await seedPbx(this.pbx, tenant, modelOf(tenant, seed));
  }
}

/** A small PBX whose extensions and switchboards are named after their tenant. */
function modelOf(tenant: string, seed: number): PbxModel {
  const model = pbxModel({ seed, until: NOW, extensions: 12, calls: 300, days: 20 });
  return {
    ...model, extensions: model.extensions.map(([id, fields]) => [id, { ...fields, name: `${fields.name} of ${tenant}` }]),
    switchboards: model.switchboards.map(([id, fields]) => [id, { ...fields, name: `${fields.name} of ${tenant}` }]),
  };
}
