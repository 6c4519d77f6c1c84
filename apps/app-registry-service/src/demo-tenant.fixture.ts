import { createHash } from 'node:crypto';
import { AccountDocument } from '@strowger/models/accounts/accounts.schema';
import { ApplicationDocument } from '@strowger/models/applications/applications.schema';
import { RunningService } from '@strowger/service/start-service';
import { Answer, AppRegistryScene, CallerClaims, MadeTenant } from './app-registry-scene.fixture';

/** Tests only: an application as its registration was answered, and where it is found. */
export interface Registered { readonly clientId: string; readonly id: string; readonly secret: string; readonly path: string; readonly answer: Answer }
/** Tests only: a user of the tenant, with the password that was generated. */
export interface NewUser { readonly id: string; readonly claims: CallerClaims; readonly password: string }

/** Tests only: one instance of the service; in it the tenant `demo` and beside it a tenant that must not see them. */
export class DemoTenant {
  private users = 0;
  private constructor(readonly scene: AppRegistryScene, readonly service: RunningService, private readonly made: MadeTenant, readonly other: MadeTenant) {}

  static async in(scene: AppRegistryScene): Promise<DemoTenant> {
    const [service, made] = await Promise.all([scene.service('one'), scene.tenant('demo', 'admin')]);
    return new DemoTenant(scene, service, made, await scene.tenant('other', 'other-admin'));
  }

  get id(): string { return this.made.id; }
  get values(): Record<string, string> { return this.made.values; }
  get administrator(): CallerClaims { return this.made.administrator; }

  call(caller: CallerClaims | undefined, method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer> {
    return this.scene.call(this.service, caller, method, path, body, headers);
  }

  /** Creates a user as the administrator does. */
  async newUser(more: Record<string, unknown> = {}): Promise<NewUser> {
    const made = await this.call(this.administrator, 'POST', '/api/accounts', { kind: 'user', username: `user${String(++this.users)}`, generate_password: true, ...more });
    expect(made.status).toBe(201);
    return { id: text(made, 'id'), password: text(made, 'password'), claims: { sub: text(made, 'id'), tenant_id: this.id, role: (more['role'] ?? 'user') as 'user' } };
  }

  /** Asks for an application of a web server with one read scope, but for `more`; refused where the answer says so. */
  async register(caller: CallerClaims, more: Record<string, unknown> = {}): Promise<Registered> {
    const answer = await this.call(caller, 'POST', '/api/applications', { name: 'Dialler', type: 'web_server', scope: 'rest:callforward:read', redirect_uris: ['https://a.example/cb'], ...more });
    return { answer, clientId: text(answer, 'client_id'), id: text(answer, 'application_id'), secret: text(answer, 'client_secret'), path: `/api/applications/${text(answer, 'client_id')}` };
  }

  /** @throws Error - there is none of this id */
  async storedApplication(id: string): Promise<ApplicationDocument> { const [found] = await this.scene.applications({ _id: id }); if (!found) throw new Error(`no application ${id}`); return found; }
  /** @throws Error - there is none of this id */
  async storedAccount(id: string): Promise<AccountDocument> { const [found] = await this.scene.accounts({ _id: id }); if (!found) throw new Error(`no account ${id}`); return found; }
}

/** Tests only: the text of an answer's field. */
export const text = (answer: Answer, field: string): string => String(answer.body[field]);
/** Tests only: the items of an answered page. */
export const items = (answer: Answer): Record<string, unknown>[] => answer.body['items'] as Record<string, unknown>[];
/** Tests only: SHA-256 in hex. */
export const sha256 = (value: string | Buffer): string => createHash('sha256').update(value).digest('hex');
/** Tests only: a text of this pattern. */
export const matching = (pattern: RegExp): unknown => expect.stringMatching(pattern);
/** Tests only: a text with this part. */
export const containing = (part: string): unknown => expect.stringContaining(part);
