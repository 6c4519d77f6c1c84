import { setTimeout as pause } from 'node:timers/promises';
import { z } from 'zod';
import { generatePassword } from '@strowger/credentials/client-secret';
import { pbxScopes } from '../../apps/pbx-api-service/src/scopes/pbx-scopes';
import { CallFailed, ManagementApi, obtainToken } from './management-api';

const PAGE = 'limit=200';
const PATIENCE_MS = 30_000, PAUSE_MS = 250, PASSWORD_PAUSE_MS = 1000, PASSWORD_TRIES = 5;
const page = <T>(item: z.ZodType<T>) => z.object({ items: z.array(item), next_cursor: z.string().nullable() });
const Account = z.object({ id: z.string(), username: z.string() });
const Accounts = page(Account);
const Applications = page(z.object({ client_id: z.string(), name: z.string(), status: z.string() }));
const Scopes = page(z.object({ scope: z.string(), status: z.string() }));
const Registered = z.object({ client_id: z.string(), client_secret: z.string().optional() });

/** An account of the demo, and what opens it. */
export interface DemoAccount { readonly id: string; readonly password: string }
/** An application's credentials; a public client has no secret. */
export interface Credentials { readonly clientId: string; readonly clientSecret: string | undefined }

async function pages<T>(api: ManagementApi, path: string, schema: z.ZodType<{ items: T[]; next_cursor: string | null }>): Promise<T[]> {
  const items: T[] = [];
  for (let cursor: string | null = ''; cursor !== null;) {
    const answer: { items: T[]; next_cursor: string | null } = await api.get(`${path}?${PAGE}${cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`}`, schema);
    items.push(...answer.items);
    cursor = answer.next_cursor;
  }
  return items;
}

/** Waits until the catalogue has the PBX's scopes. @throws Error - it does not after 30 s */
export async function waitForScopes(api: ManagementApi): Promise<void> {
  const end = Date.now() + PATIENCE_MS;
  for (;;) {
    const active = new Set((await pages(api, '/api/scopes', Scopes)).filter(({ status }) => status === 'active').map(({ scope }) => scope));
    const missing = pbxScopes.filter(({ scope }) => !active.has(scope));
    if (missing.length === 0) return;
    if (Date.now() > end) throw new Error(`the catalogue of scopes lacks ${String(missing.length)} of the PBX's, ${missing[0]?.scope ?? ''} among them`);
    await pause(PAUSE_MS);
  }
}

/** Makes the accounts that a tenant lacks; those it has get a new password, for the old one was lost. */
export class DemoAccounts {
  private constructor(private readonly api: ManagementApi, private readonly known: ReadonlyMap<string, string>) {}

  static async of(api: ManagementApi): Promise<DemoAccounts> {
    return new DemoAccounts(api, new Map((await pages(api, '/api/accounts', Accounts)).map(({ username, id }) => [username, id])));
  }

  user(username: string, rest: { readonly role?: 'auditor'; readonly access?: 'read_only'; readonly extension_id?: string } = {}): Promise<DemoAccount> {
    return this.account(username, { kind: 'user', username, ...rest });
  }
  /** `owner` is an account's id. */
  apiAccess(email: string, rest: { readonly owner: string; readonly impersonation: boolean }): Promise<DemoAccount> {
    return this.account(email, { kind: 'api_access', email, ...rest });
  }

  private async account(username: string, body: { readonly kind: string; readonly username?: string; readonly email?: string; readonly extension_id?: string }): Promise<DemoAccount> {
    const password = generatePassword(), known = this.known.get(username);
    if (known === undefined) return { id: (await this.api.post('/api/accounts', { ...body, password }, Account)).id, password };
    await this.api.patch(`/api/accounts/${known}`, { password, ...(body.extension_id !== undefined && { extension_id: body.extension_id }) });
    return { id: known, password };
  }
}

/** Registers the applications that their owner lacks; those there are get a new secret, for the old one was lost. */
export class DemoApplications {
  private constructor(private readonly api: ManagementApi, private readonly known: ReadonlyMap<string, string>) {}

  static async of(api: ManagementApi): Promise<DemoApplications> {
    const all = await pages(api, '/api/applications', Applications);
    return new DemoApplications(api, new Map(all.filter(({ status }) => status === 'active').map(({ name, client_id }) => [name, client_id])));
  }

  async application(name: string, type: string, rest: { readonly scope: string; readonly redirect_uris?: string[]; readonly password_grant?: boolean }): Promise<Credentials> {
    const known = this.known.get(name);
    if (known !== undefined && type === 'browser') return { clientId: known, clientSecret: undefined };
    const { client_id, client_secret } = known === undefined
      ? await this.api.post('/api/applications', { name, type, ...rest }, Registered)
      : await this.api.post(`/api/applications/${known}/secrets`, { overlap_seconds: 0 }, Registered);
    return { clientId: client_id, clientSecret: client_secret };
  }
}

/**
 * A token for a person by the reserved application `api` (seed 003). Tries a few times: the tenant's switch may have been
 * turned on a moment ago, and until that is known everywhere the answer is that of a wrong password.
 * @throws CallFailed - it is refused all the same
 */
export async function tokenOfPerson(url: string, username: string, password: string): Promise<string> {
  for (let tries = 1; ; tries++) {
    try {
      return await obtainToken(url, { grant_type: 'password', client_id: 'api', username, password });
    } catch (error) {
      if (!(error instanceof CallFailed && error.status === 400 && tries < PASSWORD_TRIES)) throw error;
      await pause(PASSWORD_PAUSE_MS);
    }
  }
}
