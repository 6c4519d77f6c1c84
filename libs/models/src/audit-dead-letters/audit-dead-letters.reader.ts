import { Database } from '../database';
import { AUDIT_DEAD_LETTERS } from './audit-dead-letters.schema';

/** Says how many dead letters there are; what they hold is for a person with access to the database. */
export class AuditDeadLettersReader {
  constructor(private readonly database: Database) {}

  async count(): Promise<number> { return this.database.collection(AUDIT_DEAD_LETTERS).countDocuments({}); }
}
