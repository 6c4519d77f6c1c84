import { ApplicationFacts } from '@strowger/oauth-core/facts';
import { Database } from '../database';
import { APPLICATIONS, ApplicationDocument } from './applications.schema';

/** An application with everything but its `_id`'s name: facts plus what people see of it. */
export type Application = ApplicationFacts & Omit<ApplicationDocument, '_id' | keyof ApplicationFacts>;
export const applicationOf = ({ _id, ...rest }: ApplicationDocument): Application => ({ id: _id, ...rest });

/** Reads applications, for every service. Deleted ones are read too: their status says so. */
export class ApplicationsReader {
  constructor(private readonly database: Database) {}

  async byClientIds(clientIds: readonly string[]): Promise<Application[]> { return this.find({ client_id: { $in: [...clientIds] } }); }
  async byIds(ids: readonly string[]): Promise<Application[]> { return this.find({ _id: { $in: [...ids] } }); }

  private async find(filter: object): Promise<Application[]> {
    return (await this.database.collection<ApplicationDocument>(APPLICATIONS).find(filter).toArray()).map(applicationOf);
  }
}
