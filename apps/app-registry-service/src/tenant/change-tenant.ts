import { notFound } from '@strowger/auth/api-error';
import { Tenant, TenantsReader } from '@strowger/models/tenants/tenants.reader';
import { TenantsWriter } from '@strowger/models/tenants/tenants.writer';
import { Origin } from '../change-log';
import { settleTenant } from './tenant.events';
import { TenantChange } from './tenant.request';

/** Everything that changes a tenant. Its guard lets administrators only. */
export class ChangeTenant {
  constructor(private readonly reader: TenantsReader, private readonly writer: TenantsWriter) {}

  /** @throws ApiError 404 */
  async find(id: string): Promise<Tenant> {
    const found = await this.reader.withLogo(id);
    if (!found) throw notFound('tenant');
    return found;
  }

  async change(id: string, change: TenantChange, origin: Origin): Promise<Tenant> { return this.settle(id, origin, before => changedTenant(before, change)); }
  async setLogo(id: string, logo: Buffer, origin: Origin): Promise<Tenant> { return this.settle(id, origin, before => ({ ...before, logo })); }
  /** Ends every token, grant and session of the tenant. */
  async signOut(id: string, origin: Origin): Promise<Tenant> { return this.settle(id, origin, before => before, 'sign_out'); }

  private async settle(id: string, origin: Origin, decide: (before: Tenant) => Tenant, act?: 'sign_out'): Promise<Tenant> {
    return this.writer.change(id, before => {
      const { after, events } = settleTenant(before, decide(before), origin, act);
      return { after, events, result: after };
    });
  }
}

/** The tenant as asked for. A switch that is set without an end has none. */
export function changedTenant(before: Tenant, { password_grant_until: passwordUntil, implicit_grant_until: implicitUntil, ...change }: TenantChange): Tenant {
  const { password_grant_until: oldPasswordUntil, implicit_grant_until: oldImplicitUntil, ...rest } = before;
  const passwordEnd = endOf(oldPasswordUntil, change.password_grant, passwordUntil);
  const implicitEnd = endOf(oldImplicitUntil, change.implicit_grant, implicitUntil);
  return { ...rest, ...change, ...(passwordEnd && { password_grant_until: passwordEnd }), ...(implicitEnd && { implicit_grant_until: implicitEnd }) };
}

function endOf(before: Date | undefined, switched: boolean | undefined, until: Date | null | undefined): Date | undefined {
  if (until !== undefined) return until ?? undefined;
  return switched === undefined ? before : undefined;
}
