import { TenantFacts } from '@strowger/oauth-core/facts';
import { Database } from '../database';
import { TENANTS, TenantDocument } from './tenants.schema';

export type Tenant = TenantFacts & Omit<TenantDocument, '_id' | keyof TenantFacts>;
export const tenantOf = ({ _id, ...rest }: TenantDocument): Tenant => ({ id: _id, ...rest });

/** Reads tenants, for every service; without the logo, which only its own page needs. */
export class TenantsReader {
  constructor(private readonly database: Database) {}

  async byIds(ids: readonly string[]): Promise<Tenant[]> {
    return (await this.database.collection<TenantDocument>(TENANTS).find({ _id: { $in: [...ids] } }, { projection: { logo: 0 } }).toArray()).map(tenantOf);
  }
  async byName(name: string): Promise<Tenant | undefined> {
    const found = await this.database.collection<TenantDocument>(TENANTS).findOne({ name }, { projection: { logo: 0 } });
    return found ? tenantOf(found) : undefined;
  }
  /** With its logo, for its own page. */
  async withLogo(id: string): Promise<Tenant | undefined> {
    const found = await this.database.collection<TenantDocument>(TENANTS).findOne({ _id: id });
    return found ? tenantOf(found) : undefined;
  }
}
