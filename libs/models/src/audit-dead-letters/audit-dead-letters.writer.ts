import { mongo } from 'mongoose';
import { Database } from '../database';
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
      if (!(error instanceof mongo.MongoBulkWriteError) || error.result.getWriteConcernError()) throw error;
      const failed = [error.writeErrors].flat();
      if (failed.some(one => one.code !== DUPLICATE_KEY)) throw error;
      return letters.length - failed.length;
    }
  }
}
