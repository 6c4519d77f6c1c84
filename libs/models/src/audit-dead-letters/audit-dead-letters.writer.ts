import { Database } from '../database';
import { refusalsOf } from '../refusals';
import { AUDIT_DEAD_LETTERS, AuditDeadLetterDocument } from './audit-dead-letters.schema';

const DUPLICATE_KEY = 11000;

/** Keeps dead letters; only audit-service does. */
export class AuditDeadLettersWriter {
  constructor(private readonly database: Database) {}

  /**
   * Keeps them, each once however often it comes. Resolves to how many are new.
   * @throws a database error - not all of them are known to be kept; keep them again
   */
  async keep(letters: readonly AuditDeadLetterDocument[]): Promise<number> {
    if (letters.length === 0) return 0;
    try {
      const { insertedCount } = await this.database.collection<AuditDeadLetterDocument>(AUDIT_DEAD_LETTERS).insertMany([...letters], { ordered: false });
      return insertedCount;
    } catch (error) {
      const failed = refusalsOf(error, letters.length);
      if (!failed || failed.some(({ code }) => code !== DUPLICATE_KEY)) throw error;
      return letters.length - failed.length;
    }
  }
}
