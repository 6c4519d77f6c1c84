import { Database } from '../database';
import { Page, pageOf } from '../page';
import { APPLICATIONS, ApplicationDocument } from './applications.schema';

/** An application with everything but its `_id`'s name: `ApplicationFacts` plus what people see of it. */
export type Application = Omit<ApplicationDocument, '_id'> & { readonly id: string };
export const applicationOf = ({ _id, ...rest }: ApplicationDocument): Application => ({ id: _id, ...rest });

/** Reads applications, for every service. Deleted ones are read too: their status says so. */
export class ApplicationsReader {
  constructor(private readonly database: Database) {}

  async byClientIds(clientIds: readonly string[]): Promise<Application[]> { return this.find({ client_id: { $in: [...clientIds] } }); }
  async byIds(ids: readonly string[]): Promise<Application[]> { return this.find({ _id: { $in: [...ids] } }); }
  /** A tenant's applications that are not deleted, or those of one owner, oldest first, after the id `after`. */
  async page({ tenantId, owner, limit, after }: { tenantId: string; owner?: string; limit: number; after?: string }): Promise<Page<Application>> {
    const found = await this.database.collection<ApplicationDocument>(APPLICATIONS)
      .find({ tenant_id: tenantId, status: { $ne: 'deleted' }, ...(owner !== undefined && { owner }), ...(after !== undefined && { _id: { $gt: after } }) })
      .sort({ _id: 1 }).limit(limit + 1).toArray();
    return pageOf(found.map(applicationOf), limit);
  }

  private async find(filter: object): Promise<Application[]> {
    return (await this.database.collection<ApplicationDocument>(APPLICATIONS).find(filter).toArray()).map(applicationOf);
  }
}
