import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { ConsentDocument, CONSENTS } from '@strowger/models/consents/consents.schema';
import { Database } from '@strowger/models/database';
import { GrantDocument, GRANTS } from '@strowger/models/grants/grants.schema';
import { CodeKeys } from '@strowger/oauth-core/authorization-code';
import { RefreshKeys } from '@strowger/oauth-core/refresh-token';
import { SeededTenant, seedScopes } from '../test/seeded-tenant';
import { freePort } from '../tools/local-stack/free-port';
import { makeSecrets } from '../tools/local-stack/secrets';
import { RunningServers, startServers } from '../tools/local-stack/servers';
import { services, Stack, startService } from '../tools/local-stack/service-environment';
import { Supervised, Supervisor } from '../tools/local-stack/supervisor';
import { basic, CHALLENGE, CODE_EXCHANGE, codeForm, Contestant, formHead, REDIRECT_URI } from './contestant';

const DATABASE = 'bench', SCOPE = 'rest:calllog:read', INTROSPECTED = 256;
/** A grant rotates at most once a second here; with so many none comes round sooner. */
const GRANTS_OF_A_KIND = 12_000, GRACE_SECONDS = 1;
const PEOPLE = 16, PLENTY = '1000000';
const Issued = z.object({ access_token: z.string() });
interface Client { readonly id: string; readonly secret: string }

/** The servers of a Strowger, its seeded data, and processes of its services. */
export class Strowger {
  private audit: Promise<Supervised> | undefined;

  private constructor(
    readonly servers: RunningServers, private readonly stack: Stack, private readonly supervisor: Supervisor,
    private readonly clients: Readonly<Record<'jwt' | 'opaque' | 'web_jwt' | 'web_opaque' | 'password', Client>>, private readonly seeds: { refreshTokens(client: 'web_jwt' | 'web_opaque'): Promise<string[]>; codes(many: number): Promise<string[]> },
    private readonly people: readonly { readonly username: string; readonly password: string }[], private readonly close: () => Promise<void>,
  ) {}

  /** Starts MongoDB and NATS in `dataDir` and seeds a tenant; no service yet. */
  static async start(dataDir: string, log: (line: string) => void): Promise<Strowger> {
    const supervisor = new Supervisor({ log });
    mkdirSync(dataDir, { recursive: true });
    const servers = await startServers({ dataDir, log }), secrets = makeSecrets(dataDir);
    const ports = Object.fromEntries(await Promise.all(services.map(async service => [service, await freePort()] as const))) as Stack['ports'];
    const stack: Stack = { servers, secrets, database: DATABASE, ports, logsDirectory: join(dataDir, 'logs') };
    const database = new Database({ MONGODB_URI: servers.mongodbUri(DATABASE) });
    await database.connected();
    await seedScopes(database, ['rest:calllog:read', 'rest:callforward:read', 'rest:callforward:write']);
    const tenant = await SeededTenant.in(database), owner = await tenant.account({ username: 'owner' });
    const people = await Promise.all(Array.from({ length: PEOPLE }, () => tenant.account()));
    const client = async (type: 'machine_to_machine' | 'native', token_format: 'jwt' | 'opaque'): Promise<Client & { readonly application: string }> => {
      const { client_id, secret, _id } = await tenant.application(owner._id, { type, token_format, password_grant: type === 'native' });
      return { id: client_id, secret, application: _id };
    };
    const jwt = await client('machine_to_machine', 'jwt'), opaque = await client('machine_to_machine', 'opaque');
    const web_jwt = await client('native', 'jwt'), web_opaque = await client('native', 'opaque'), password = await client('native', 'jwt');
    const wrapping = secrets.keys.split(',').map(pair => ({ id: pair.split(':')[0] ?? '', secret: Buffer.from(pair.split(':')[1] ?? '', 'base64url') }));
    const keys = new RefreshKeys(wrapping), codes = new CodeKeys(wrapping);
    await database.collection<ConsentDocument>(CONSENTS).insertOne({
      _id: `${owner._id}:${web_jwt.application}`, tenant_id: tenant.id, version: 1, account_id: owner._id, application_id: web_jwt.application, scope: SCOPE, implied: false, status: 'active', granted_at: new Date(),
    });
    const applications = { web_jwt: web_jwt.application, web_opaque: web_opaque.application };
    const seed = async (kind: 'web_jwt' | 'web_opaque', many: number, code?: GrantDocument['code']): Promise<GrantDocument[]> => {
      const now = new Date();
      const grants = Array.from({ length: many }, (): GrantDocument => ({
        _id: randomBytes(16).toString('base64url'), tenant_id: tenant.id, version: 1, application_id: applications[kind], account_id: owner._id, grant_type: code ? 'authorization_code' : 'password', scope: SCOPE,
        key_id: keys.currentId, nonce: randomBytes(16), sign_out_versions: { tenant: 1, application: 1, account: 1 }, status: 'active', generation: 0, ...(code && { code }), created_at: now,
        expires_at: new Date(now.getTime() + 30 * 86_400_000),
      }));
      for (let start = 0; start < grants.length; start += 2000) await database.collection<GrantDocument>(GRANTS).insertMany(grants.slice(start, start + 2000));
      return grants;
    };
    const seeds = {
      refreshTokens: async (kind: 'web_jwt' | 'web_opaque') => (await seed(kind, GRANTS_OF_A_KIND)).map(({ _id, ...grant }) => keys.tokenOf({ id: _id, ...grant }, 0)),
      // Issued tomorrow: none is too old when its turn comes.
      codes: async (many: number) => (await seed('web_jwt', many, { redirect_uri: REDIRECT_URI, redirect_uri_named: true, challenge: CHALLENGE, issued_at: new Date(Date.now() + 86_400_000) }))
        .map(({ _id, ...grant }) => codes.codeOf({ id: _id, ...grant })),
    };
    const close = async (): Promise<void> => { await supervisor.stopAll(); await database.close(); await servers.stop(); };
    return new Strowger(servers, stack, supervisor, { jwt, opaque, web_jwt, web_opaque, password }, seeds, people, close);
  }

  /** One more process of token-service. `root`: the folder of another build (it has `apps/` and `libs/`). */
  async tokenService(name: string, { root, nodeOptions }: { readonly root?: string; readonly nodeOptions?: string } = {}): Promise<{ readonly process: Supervised; readonly port: number }> {
    const port = await freePort();
    const instance = {
      instance: name, port,
      env: {
        LOG_LEVEL: 'warn', REFRESH_GRACE_SECONDS: String(GRACE_SECONDS), WRONG_PASSWORDS_PER_ACCOUNT_AND_ADDRESS: PLENTY, WRONG_PASSWORDS_PER_ACCOUNT_FROM_STRANGERS: PLENTY,
        WRONG_PASSWORDS_PER_ADDRESS: PLENTY, WRONG_SECRETS_PER_ADDRESS_AND_MINUTE: PLENTY, BEGINNINGS_PER_ADDRESS_AND_MINUTE: PLENTY, ...(nodeOptions !== undefined && { NODE_OPTIONS: nodeOptions }),
      },
    };
    return { process: await startService('token-service', this.stack, this.supervisor, { ...instance, ...(root !== undefined && { root }) }), port };
  }

  /** The one audit-service; started when it is first asked for. */
  auditService(): Promise<Supervised> { return this.audit ??= startService('audit-service', this.stack, this.supervisor, { env: { LOG_LEVEL: 'warn' } }); }

  /** How every operation is asked of the token-service on this port. */
  async contestant(name: string, { process: process_, port }: { readonly process: Supervised; readonly port: number }): Promise<Contestant> {
    const { jwt, opaque, web_jwt, web_opaque } = this.clients, pid = process_.pid();
    if (pid === undefined) throw new Error(`${name} ended`);
    const issue = `grant_type=client_credentials&scope=${SCOPE}`, url = `http://127.0.0.1:${String(port)}`;
    const tokens = await Promise.all(Array.from({ length: INTROSPECTED }, async () => {
      const answer = await fetch(`${url}/oauth/token`, { method: 'POST', headers: { authorization: basic(opaque.id, opaque.secret) }, body: new URLSearchParams(issue) });
      return Issued.parse(await answer.json()).access_token;
    }));
    const head = (path: string, { id, secret }: Client): string => formHead(path, port, basic(id, secret));
    const get = (path: string): string => `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${String(port)}\r\n`;
    const form = 'grant_type=refresh_token&refresh_token=';
    return {
      name, pid, codes: many => this.seeds.codes(many),
      requests: {
        'client_credentials, JWT': { port, head: head('/oauth/token', jwt), bodies: [issue] },
        'client_credentials, opaque': { port, head: head('/oauth/token', opaque), bodies: [issue] },
        'introspect': { port, head: head('/oauth/introspect', opaque), bodies: tokens.map(token => `token=${token}`) },
        'refresh, JWT': { port, head: head('/oauth/token', web_jwt), refresh: { form, tokens: await this.seeds.refreshTokens('web_jwt') } },
        'refresh, opaque': { port, head: head('/oauth/token', web_opaque), refresh: { form, tokens: await this.seeds.refreshTokens('web_opaque') } },
        [CODE_EXCHANGE]: { port, head: head('/oauth/token', web_jwt), once: { form: codeForm } },
        'metadata': { port, head: get('/.well-known/oauth-authorization-server') },
        'JWKS': { port, head: get('/.well-known/jwks.json') },
      },
    };
  }

  /** The password grant, asked of the token-service on this port. */
  passwordRequests(port: number) {
    const { id, secret } = this.clients.password;
    return { port, head: formHead('/oauth/token', port, basic(id, secret)), bodies: this.people.map(({ username, password }) => `grant_type=password&username=${username}&password=${password}&scope=${SCOPE}`) };
  }

  /** Process ids of what stands behind the services. */
  get processes(): Readonly<Record<'gateway' | 'database' | 'nats', number | undefined>> {
    return { gateway: this.servers.databaseGateway?.pid(), database: this.servers.database.pid(), nats: this.servers.nats.pid() };
  }

  async stop(): Promise<void> { await this.close(); }
}
