import { randomBytes, randomUUID } from 'node:crypto';
import { generateClientId, generateSecret, hashSecret } from '@strowger/credentials/client-secret';
import { PasswordHasher } from '@strowger/credentials/password-hasher';
import { AccountDocument, ACCOUNTS } from '@strowger/models/accounts/accounts.schema';
import { ApplicationDocument, APPLICATIONS } from '@strowger/models/applications/applications.schema';
import { Database } from '@strowger/models/database';
import { ScopeDocument, SCOPES } from '@strowger/models/scopes/scopes.schema';
import { TenantDocument, TENANTS } from '@strowger/models/tenants/tenants.schema';

/** A tenant with accounts and applications, put straight into the database: for tests of what only reads them. */
export class SeededTenant {
  readonly id = randomUUID();
  constructor(readonly database: Database) {}

  static async in(database: Database, fields: Partial<TenantDocument> = {}): Promise<SeededTenant> {
    const tenant = new SeededTenant(database);
    await database.collection<TenantDocument>(TENANTS).insertOne({
      _id: tenant.id, tenant_id: tenant.id, version: 1, name: `tenant ${tenant.id}`, password_grant: true, implicit_grant: false, api_application: true,
      access_token_ttl_seconds: 3600, refresh_token_ttl_seconds: 2_592_000, rights_version: 1, sign_out_version: 1, administrators: [], created_at: new Date(), ...fields,
    });
    return tenant;
  }

  async account(fields: Partial<AccountDocument> & { password?: string } = {}): Promise<AccountDocument & { password: string }> {
    const { password = `pw-${randomBytes(8).toString('hex')}`, ...rest } = fields;
    const id = randomUUID(), username = rest.username ?? `user-${id.slice(0, 8)}`;
    const account: AccountDocument = {
      _id: id, tenant_id: this.id, version: 1, kind: 'user', username, live_username: username, password_hash: await new PasswordHasher().hash(password), role: 'user',
      access: 'full', impersonation: false, status: 'active', rights_version: 1, sign_out_version: 1, created_at: new Date(), ...rest,
    };
    await this.database.collection<AccountDocument>(ACCOUNTS).insertOne(account);
    return { ...account, password };
  }

  async application(owner: string, fields: Partial<ApplicationDocument> = {}): Promise<ApplicationDocument & { secret: string }> {
    const secret = generateSecret();
    const application: ApplicationDocument = {
      _id: randomUUID(), tenant_id: this.id, version: 1, client_id: generateClientId(), name: 'test application', type: 'machine_to_machine', access_level: 'call_api',
      scope: 'rest', owner, password_grant: false, token_format: 'jwt', secrets: [{ id: randomUUID(), hash: hashSecret(secret), created_at: new Date() }],
      previous_client_ids: [], redirect_uris: [], status: 'active', rights_version: 1, sign_out_version: 1, created_at: new Date(), ...fields,
    };
    await this.database.collection<ApplicationDocument>(APPLICATIONS).insertOne(application);
    return { ...application, secret };
  }
}

/** The reserved application `api` of seed 003. */
export async function seedReservedApplication(tenant: SeededTenant): Promise<void> {
  await tenant.application('_', { _id: 'api', client_id: 'api', tenant_id: '_', name: 'api', type: 'native', password_grant: true, secrets: [], scope: 'gql rest strowger', access_level: 'all' });
}

/** Scopes of a PBX, as a service would have announced them. */
export async function seedScopes(database: Database, scopes: readonly string[]): Promise<void> {
  await database.collection<ScopeDocument>(SCOPES).insertMany(scopes.map(scope => {
    const [api_type = '', module = '', verb = 'read'] = scope.split(':');
    return { _id: scope, tenant_id: '_', version: 1, api_type, module, verb, description: scope, access_level: 'call_api', opens: [], announced_by: 'pbx-api-service', status: 'active', last_seen: new Date() };
  }));
}
