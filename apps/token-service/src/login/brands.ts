import { TenantsReader } from '@strowger/models/tenants/tenants.reader';
import { Brand } from '../page/page';

/** Tenants as their pages show them. */
export class Brands {
  constructor(private readonly tenants: TenantsReader) {}

  async of(tenantId: string): Promise<Brand> {
    const tenant = await this.tenants.withLogo(tenantId);
    return { name: tenant?.name ?? 'Strowger', ...(tenant?.logo && { logo: tenant.logo }) };
  }
}
