import { APPLICATIONS, ApplicationDocument } from '../applications/applications.schema';
import { Database } from '../database';
import { SECRET_USES, SecretUseDocument } from './secret-uses.store';

const USES_AT_ONCE = 200;
/** Whose secret was used. */
export type SecretUse = Pick<SecretUseDocument, '_id' | 'application_id'>;

/** Finds and deletes the uses of client secrets that exist no more. */
export class EndedSecretUsesStore {
  constructor(private readonly database: Database) {}

  /** The next uses by the secret's id; none: that was the last. */
  async uses(after: SecretUse | undefined): Promise<readonly SecretUse[]> {
    return this.collection().find({ ...(after && { _id: { $gt: after._id } }) }, { projection: { _id: 1, application_id: 1 } }).sort({ _id: 1 }).limit(USES_AT_ONCE).toArray();
  }

  /** Of these uses deletes those whose secret no application has, and says how many. Safe to run in several processes at once: a secret exists before its first use. */
  async delete(uses: readonly SecretUse[]): Promise<number> {
    const ids = [...new Set(uses.map(use => use.application_id))];
    const applications = await this.database.collection<ApplicationDocument>(APPLICATIONS).find({ _id: { $in: ids }, status: { $ne: 'deleted' } }, { projection: { 'secrets.id': 1 } }).toArray();
    const existing = new Set(applications.flatMap(({ secrets }) => secrets.map(secret => secret.id)));
    const ended = uses.filter(use => !existing.has(use._id));
    return ended.length === 0 ? 0 : (await this.collection().deleteMany({ _id: { $in: ended.map(use => use._id) } })).deletedCount;
  }

  private collection() { return this.database.collection<SecretUseDocument>(SECRET_USES); }
}
