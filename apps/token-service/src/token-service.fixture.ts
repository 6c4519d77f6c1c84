import { readdirSync, readFileSync } from 'node:fs';
import { Agent, IncomingHttpHeaders, request as httpRequest } from 'node:http';
import { join } from 'node:path';
import { AccountDocument } from '@strowger/models/accounts/accounts.schema';
import { ApplicationDocument } from '@strowger/models/applications/applications.schema';
import { AuditEventDocument, AUDIT_EVENTS } from '@strowger/models/audit-events/audit-events.schema';
import { Database } from '@strowger/models/database';
import { freePort } from '../../../tools/local-stack/free-port';
import { Supervised } from '../../../tools/local-stack/supervisor';
import { secretsIn } from '../../../test/secrets-in';
import { SeededTenant, seedReservedApplication, seedScopes } from '../../../test/seeded-tenant';
import { eventually, startSystem, System } from '../../../test/system';

/** Tests only: what a request is answered with. */
export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  /** The body as JSON; `{}` where it is none. */
  readonly json: Record<string, unknown>;
  readonly milliseconds: number;
}
export type Form = Record<string, string> | string;
export interface RequestOptions { readonly method?: string; readonly headers?: Record<string, string>; readonly basic?: readonly [string, string]; readonly body?: string | Buffer; readonly seconds?: number }
export type Application = ApplicationDocument & { secret: string };
export type Account = AccountDocument & { password: string };
interface Running { readonly url: string; readonly process: Supervised }

/** Most milliseconds an answer may take: longer is a hang. */
const PATIENCE_MS = 30_000;
const agent = new Agent({ keepAlive: true, maxSockets: 128 });
const FORM = { 'content-type': 'application/x-www-form-urlencoded' };
const encoded = (form: Form): string => typeof form === 'string' ? form : new URLSearchParams(form).toString();

/** Tests only: sends a request as it is given, also one that no sane client would send. */
export function send(url: string, { method = 'POST', headers = {}, basic, body, seconds = PATIENCE_MS / 1000 }: RequestOptions = {}): Promise<Answer> {
  const began = performance.now();
  const auth = basic && { authorization: `Basic ${Buffer.from(basic.join(':')).toString('base64')}` };
  return new Promise((resolve, reject) => {
    const request = httpRequest(url, { method, agent, headers: { ...headers, ...auth, ...(body !== undefined && { 'content-length': String(Buffer.byteLength(body)) }) } }, response => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => { chunks.push(chunk); }).on('error', reject).on('end', () => {
        const text = Buffer.concat(chunks).toString('utf8');
        let json: Record<string, unknown> = {};
        try { json = JSON.parse(text) as Record<string, unknown>; } catch { json = {}; }
        resolve({ status: response.statusCode ?? 0, headers: response.headers, text, json, milliseconds: performance.now() - began });
      });
    });
    request.on('error', reject).setTimeout(seconds * 1000, () => { request.destroy(new Error(`no answer within ${String(seconds)} s`)); });
    request.end(body);
  });
}

/** Tests only: instances of token-service as processes on servers of their own, the trail that audit-service makes, and a seeded tenant. */
export class TokenScene {
  readonly instances: Running[] = [];
  /** Everything that must stand in no log, event or collection. */
  readonly secrets = new Set<string>();
  private requests = 0;
  private addresses = 0;

  private constructor(readonly system: System, readonly database: Database, readonly tenant: SeededTenant) {}

  /** `env`: of every instance. Without `trail` no audit-service runs. */
  static async start(name: string, { instances = 2, env = {}, trail = true }: { instances?: number; env?: Record<string, string>; trail?: boolean } = {}): Promise<TokenScene> {
    const system = await startSystem(name);
    const database = new Database({ MONGODB_URI: system.servers.mongodbUri });
    await database.connected();
    await seedScopes(database, ['rest:callforward:read', 'rest:callforward:write', 'rest:calllog:read', 'gql:calls:read', 'strowger:tokens:read', 'strowger:audit:read']);
    const tenant = await SeededTenant.in(database);
    await seedReservedApplication(tenant);
    const scene = new TokenScene(system, database, tenant);
    const [running] = await Promise.all([
      Promise.all(Array.from({ length: instances }, (_, i) => scene.startInstance(`token-service-${String(i + 1)}`, env))), trail ? system.start('audit-service') : undefined,
    ]);
    scene.instances.splice(0, instances, ...running);
    return scene;
  }

  async startInstance(instance: string, env: Record<string, string> = {}): Promise<Running> {
    const running = await this.system.start('token-service', { instance, port: await freePort(), env: { LOG_LEVEL: 'trace', ...env } });
    this.instances.push(running);
    return running;
  }
  async stop(): Promise<void> { await this.database.close(); await this.system.stop(); }

  url(path: string, instance = 0): string { return `${this.instances[instance % this.instances.length]?.url ?? ''}${path}`; }

  async account(fields: Parameters<SeededTenant['account']>[0] = {}): Promise<Account> { return this.remembered(await this.tenant.account(fields), 'password'); }
  async application(owner: { _id: string }, fields: Partial<ApplicationDocument> = {}): Promise<Application> { return this.remembered(await this.tenant.application(owner._id, fields), 'secret'); }
  /** A native application that may use the password grant. */
  async native(owner: { _id: string }, fields: Partial<ApplicationDocument> = {}): Promise<Application> { return this.application(owner, { type: 'native', password_grant: true, scope: 'gql rest', ...fields }); }

  /** A form to any path; the tokens of the answer are remembered as secrets. */
  async post(path: string, form: Form, options: RequestOptions & { instance?: number } = {}): Promise<Answer> {
    const answer = await send(this.url(path, options.instance), { ...options, headers: { ...FORM, ...options.headers }, body: encoded(form) });
    for (const field of ['access_token', 'refresh_token']) { const value = answer.json[field]; if (typeof value === 'string') this.secrets.add(value); }
    return answer;
  }
  token(form: Form, options?: RequestOptions & { instance?: number }): Promise<Answer> { return this.post('/oauth/token', form, options); }
  credentials(application: Application, form: Record<string, string> = {}, options?: RequestOptions & { instance?: number }): Promise<Answer> {
    return this.token({ grant_type: 'client_credentials', client_id: application.client_id, client_secret: application.secret, ...form }, options);
  }
  login(application: Application, account: Account, form: Record<string, string> = {}, options?: RequestOptions & { instance?: number }): Promise<Answer> {
    return this.token({ grant_type: 'password', client_id: application.client_id, client_secret: application.secret, username: account.username, password: account.password, ...form }, options);
  }
  refresh(application: Application, refresh_token: string, form: Record<string, string> = {}, options?: RequestOptions & { instance?: number }): Promise<Answer> {
    return this.token({ grant_type: 'refresh_token', client_id: application.client_id, client_secret: application.secret, refresh_token, ...form }, options);
  }
  /** As a service of the deployment. */
  introspect(token: string, instance = 0): Promise<Answer> {
    return this.post('/oauth/introspect', { token }, { basic: ['scope-service', this.system.servers.secrets.serviceSecret('scope-service')], instance });
  }
  introspectAs(application: Application, token: string): Promise<Answer> { return this.post('/oauth/introspect', { token }, { basic: [application.client_id, application.secret] }); }

  /** A request id that no other request has. */
  requestId(): string { return `test-${String(++this.requests)}-${Math.random().toString(36).slice(2)}`; }
  /** The trail's events of a request, once there are `many` of them. */
  async eventsOf(requestId: string, many = 1): Promise<AuditEventDocument[]> {
    return eventually(`${String(many)} events of ${requestId}`, async () => {
      const found = await this.database.collection<AuditEventDocument>(AUDIT_EVENTS).find({ 'data.request_id': requestId }).toArray();
      return found.length >= many && found;
    });
  }
  /** An address that nobody used before: refusals of one address in one second are counted as one event. */
  newAddress(): string { const many = ++this.addresses; return `10.${String(many >> 16)}.${String((many >> 8) & 255)}.${String(many & 255)}`; }
  /** What every refusal is: an RFC answer, told at once, never stored but as one event. `work` sends the request, with these headers. */
  async refused(work: (options: { headers: Record<string, string> }) => Promise<Answer>, status: number, error: string): Promise<Answer> {
    const before = await this.stored(), id = this.requestId(), answer = await work({ headers: { 'x-request-id': id, 'x-forwarded-for': this.newAddress() } });
    expect([...errorOf(answer), answer.text]).toEqual([status, error, answer.text]);
    expect(answer.headers).toMatchObject({ 'cache-control': 'no-store', 'content-type': 'application/json; charset=utf-8', 'x-request-id': id });
    expect(Object.keys(answer.json).sort()).toEqual(['error', 'error_description']);
    expect(answer.json['error_description']).toMatch(/^[\x20-\x21\x23-\x5b\x5d-\x7e]{3,300}$/);
    if (status === 401) expect(answer.headers['www-authenticate']).toBe('Basic realm="strowger"');
    const events = await this.eventsOf(id);
    expect(events.map(event => [event.type, event.data?.['reason']])).toEqual([['token.rejected', error]]);
    expect(await this.stored()).toEqual(before);
    return answer;
  }
  /** Looks for each of the secrets, of which there are more than `least`, in all that was logged, counted and stored; the hash of the application's must be there. */
  async nothingLeaked(least: number, application: Application): Promise<void> {
    await this.settled();
    const dump = await this.dump(), said = [this.logs(), dump, ...(await Promise.all([0, 1].map(async instance => (await send(this.url('/metrics', instance), { method: 'GET' })).text)))].join('\n');
    expect(this.secrets.size).toBeGreaterThan(least);
    expect(secretsIn(said, this.secrets)).toEqual([]);
    expect(dump.includes(application.secrets[0]?.hash.toString('base64') ?? 'no hash')).toBe(true);
    expect(this.log('token-service-1').length).toBeGreaterThan(1000);
  }
  /** Resolves once nothing is owed any more and the trail has it all. */
  async settled(): Promise<void> {
    await eventually('an empty outbox', async () => await this.database.collection('outbox').countDocuments({}) === 0);
  }
  /** How many documents each collection has, but for those that a refusal may touch: the trail, the outbox, counters, the last use of a right secret. */
  async stored(): Promise<Record<string, number>> {
    const names = ['access_tokens', 'grants', 'consents', 'sign_in_addresses', 'applications', 'accounts', 'tenants', 'scopes', 'signing_keys'];
    return Object.fromEntries(await Promise.all(names.map(async name => [name, await this.database.collection(name).countDocuments({})] as const)));
  }
  /** Everything that is stored, as text; bytes both as they are and in base64. */
  async dump(): Promise<string> {
    const collections = await this.database.connection.db?.listCollections().toArray() ?? [];
    const bytes = (_name: string, value: unknown): unknown => {
      if (typeof value !== 'object' || value === null || !('type' in value) || value.type !== 'Buffer' || !('data' in value)) return value;
      const buffer = Buffer.from(value.data as number[]);
      return `${buffer.toString('latin1')} ${buffer.toString('base64')}`;
    };
    return (await Promise.all(collections.map(async ({ name }) => JSON.stringify(await this.database.collection(name).find().toArray(), bytes)))).join('\n');
  }
  log(instance: string): string { return readFileSync(join(this.system.stack.logsDirectory, `${instance}.log`), 'utf8'); }
  logs(): string { return readdirSync(this.system.stack.logsDirectory).map(file => readFileSync(join(this.system.stack.logsDirectory, file), 'utf8')).join('\n'); }

  private remembered<K extends string, T extends Record<K, string>>(made: T, field: K): T { this.secrets.add(made[field]); return made; }
}

/** Tests only: some at a time, so that their waits overlap; fewer than a process counts as a flood in a second. */
export async function someAtATime<T>(works: readonly (() => Promise<T>)[], atOnce = 6): Promise<T[]> {
  const done: T[] = [];
  for (let first = 0; first < works.length; first += atOnce) done.push(...await Promise.all(works.slice(first, first + atOnce).map(work => work())));
  return done;
}
/** Tests only: status and error code of an answer. */
export const errorOf = (answer: Answer): [number, unknown] => [answer.status, answer.json['error']];
/** Tests only: a form without some of its parameters. */
export const without = (form: Record<string, string>, ...names: string[]): Record<string, string> => Object.fromEntries(Object.entries(form).filter(([name]) => !names.includes(name)));

/** Tests only: the text of an answer's field. @throws Error - it has none, with the answer */
export function textOf(answer: Answer, field: string): string {
  const value = answer.json[field];
  if (typeof value !== 'string') throw new Error(`no ${field} in ${String(answer.status)} ${answer.text}`);
  return value;
}

/** Tests only: header, claims and raw parts of a JWT, unverified. */
export function decodedJwt(token: string): { header: Record<string, unknown>; claims: Record<string, unknown>; input: string; signature: Buffer } {
  const [header = '', payload = '', signature = ''] = token.split('.');
  const parsed = (part: string) => JSON.parse(Buffer.from(part, 'base64url').toString('utf8')) as Record<string, unknown>;
  return { header: parsed(header), claims: parsed(payload), input: `${header}.${payload}`, signature: Buffer.from(signature, 'base64url') };
}
