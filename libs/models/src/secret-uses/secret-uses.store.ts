import { Schema } from 'mongoose';
import { Database } from '../database';

export const SECRET_USES = 'secret_uses';
/** When a client secret was last used; `_id` is the secret's id. Not a change: no version, no event. */
export interface SecretUseDocument { _id: string; tenant_id: string; application_id: string; last_used_at: Date }
export const secretUseSchema = new Schema<SecretUseDocument>({ _id: String, tenant_id: String, application_id: String, last_used_at: Date }, { versionKey: false });

const PAUSE_MS = 10_000, REMEMBERED = 10_000;

/** Notes uses of secrets, at most once a secret and 10 s; never in the way of a request. */
export class SecretUses {
  private readonly noted = new Map<string, number>();
  private readonly underWay = new Set<Promise<unknown>>();

  constructor(private readonly database: Database) {}

  note(secretId: string, application: { readonly id: string; readonly tenant_id: string }, at: Date): void {
    const last = this.noted.get(secretId);
    if (last !== undefined && at.getTime() - last < PAUSE_MS) return;
    if (this.noted.size >= REMEMBERED) this.noted.clear();
    this.noted.set(secretId, at.getTime());
    const writing = (async () => this.database.collection<SecretUseDocument>(SECRET_USES).updateOne(
      { _id: secretId },
      { $max: { last_used_at: at }, $setOnInsert: { tenant_id: application.tenant_id, application_id: application.id } },
      { upsert: true },
    ))().catch(() => this.noted.delete(secretId));          // the next use tries again
    this.underWay.add(writing);
    void writing.finally(() => this.underWay.delete(writing));
  }

  async drain(): Promise<void> { await Promise.all(this.underWay); }
}
