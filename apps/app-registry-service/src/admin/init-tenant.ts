import { generatePassword } from '@strowger/credentials/client-secret';
import { PasswordHasher } from '@strowger/credentials/password-hasher';
import { AccountsReader } from '@strowger/models/accounts/accounts.reader';
import { UsernameTaken } from '@strowger/models/accounts/accounts.writer';
import { Application, ApplicationsReader } from '@strowger/models/applications/applications.reader';
import { EventSource } from '@strowger/models/outbox/make-event';
import { NewTenantWriter } from '@strowger/models/tenants/new-tenant.writer';
import { Tenant, TenantsReader } from '@strowger/models/tenants/tenants.reader';
import { DEPLOYMENT, RESERVED_APPLICATION } from '@strowger/oauth-core/facts';
import { created } from '../accounts/account.events';
import { newAccount } from '../accounts/create-account';
import { registered } from '../applications/application.events';
import { newApplication } from '../applications/register-application';
import { Origin } from '../change-log';
import { newId } from '../new-id';
import { tenantCreated } from '../tenant/tenant.events';
import { BadArguments } from './arguments';
import { Credentials, CredentialsOutput, shownOnce } from './credentials-output';

const EVERYTHING = 'gql rest strowger';
const HOUR_SECONDS = 3600, MONTH_SECONDS = 30 * 86_400;

/** The process that makes a change, and its clock. */
export interface Operator { readonly source: EventSource; readonly now: () => Date }

/** Where what is there is read, and what is new is written. */
export interface Stock { readonly tenants: TenantsReader; readonly accounts: AccountsReader; readonly applications: ApplicationsReader; readonly writer: NewTenantWriter }

/** Makes a tenant with its administrator and the administrator's machine-to-machine application, and once the deployment's application `api`. */
export class InitTenant {
  constructor(private readonly stock: Stock, private readonly hasher: PasswordHasher, private readonly operator: Operator) {}

  /**
   * All of it or nothing. Of a tenant that is there nothing is changed, and what was shown once is not shown again.
   * @returns what to tell the operator
   * @throws BadArguments - the username is another account's
   */
  async run({ tenant: name, username }: { readonly tenant: string; readonly username: string }, output: CredentialsOutput): Promise<string> {
    const existing = await this.stock.tenants.byName(name);
    return existing ? this.known(existing, output) : this.make(name, username, output);
  }

  private async make(name: string, username: string, output: CredentialsOutput): Promise<string> {
    const { source } = this.operator;
    const time = this.operator.now();
    const origin: Origin = { source, time };
    const password = generatePassword();
    const passwordHash = await this.hasher.hash(password);
    const id = newId(time);
    const administrator = newAccount({ kind: 'user', username, role: 'administrator' }, { tenantId: id, passwordHash }, time);
    const tenant = newTenant(id, name, administrator.id, time);
    const { application, clientSecret = '' } = newApplication({
      name: 'Administration', type: 'machine_to_machine', scope: EVERYTHING, redirect_uris: [], access_level: 'all', password_grant: false, token_format: 'jwt', secret: true,
    }, { tenantId: id, owner: administrator.id }, time);
    const [reserved] = await this.stock.applications.byIds([RESERVED_APPLICATION]);
    const applications = [application, ...(reserved ? [] : [reservedApplication(time)])];
    const events = [...tenantCreated(tenant, origin), ...created(administrator, origin), ...applications.flatMap(one => registered(one, origin))];
    await shownOnce(output, {
      TENANT_ID: id, ADMIN_USERNAME: username, ADMIN_PASSWORD: password, ADMIN_CLIENT_ID: application.client_id, ADMIN_CLIENT_SECRET: clientSecret,
    }, async () => {
      try {
        await this.stock.writer.create({ tenant, administrator, applications }, events);
      } catch (cause) {
        if (cause instanceof UsernameTaken) throw new BadArguments(`--username: ${username} is taken in this deployment, say another one with --username NAME`, { cause });
        throw cause;
      }
    });
    return `tenant ${name} is made; its password and secret are not shown again`;
  }

  private async known(tenant: Tenant, output: CredentialsOutput): Promise<string> {
    const [administrator] = await this.stock.accounts.byIds(tenant.administrators);
    const owned = administrator ? await this.stock.applications.page({ tenantId: tenant.id, owner: administrator.id, limit: 200 }) : { items: [] };
    const application = owned.items.find(one => one.type === 'machine_to_machine');
    const credentials: Credentials = {
      TENANT_ID: tenant.id, ...(administrator && { ADMIN_USERNAME: administrator.username }), ...(application && { ADMIN_CLIENT_ID: application.client_id }),
    };
    await shownOnce(output, credentials, () => Promise.resolve());
    return [
      `tenant ${tenant.name} is there already, and nothing was changed`,
      `its password and secret were shown once; for new ones:`,
      ...(administrator ? [`  npm run admin -- reset-password --username ${administrator.username}`] : []),
      ...(application ? [`  npm run admin -- rotate-secret --client-id ${application.client_id}`] : []),
    ].join('\n');
  }
}

/** A tenant with the legacy grants off. */
const newTenant = (id: string, name: string, administrator: string, now: Date): Tenant => ({
  id, tenant_id: id, name, password_grant: false, implicit_grant: false, api_application: false, access_token_ttl_seconds: HOUR_SECONDS,
  refresh_token_ttl_seconds: MONTH_SECONDS, administrators: [administrator], version: 1, rights_version: 1, sign_out_version: 1, created_at: now,
});

/** The application that seed 003's calls name: no secret, the password grant, on in no tenant until an administrator turns it on. */
const reservedApplication = (now: Date): Application => ({
  id: RESERVED_APPLICATION, tenant_id: DEPLOYMENT, client_id: RESERVED_APPLICATION, name: 'API', type: 'native', scope: EVERYTHING, access_level: 'all', owner: DEPLOYMENT,
  redirect_uris: [], password_grant: true, token_format: 'jwt', secrets: [], previous_client_ids: [], status: 'active', version: 1, rights_version: 1, sign_out_version: 1,
  created_at: now,
});
