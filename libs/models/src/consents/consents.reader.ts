import { Database } from '../database';
import { ConsentDocument, CONSENTS } from './consents.schema';

/** Id of what an account allowed an application. */
export const consentIdOf = (accountId: string, applicationId: string): string => `${accountId}:${applicationId}`;

/** Reads consents. */
export class ConsentsReader {
  constructor(private readonly database: Database) {}

  /** What the account ever allowed the application, removed or not. */
  async of(accountId: string, applicationId: string): Promise<ConsentDocument | undefined> {
    return await this.database.collection<ConsentDocument>(CONSENTS).findOne({ _id: consentIdOf(accountId, applicationId) }) ?? undefined;
  }
}
