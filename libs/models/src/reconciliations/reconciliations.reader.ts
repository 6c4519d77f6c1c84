import { Database } from '../database';
import { RECONCILIATIONS, ReconciliationDocument } from './reconciliations.schema';

/** What a comparison of documents with the trail found so far. */
export interface Reconciled {
  /** Documents found without their event, whose event was then told. */
  readonly missing: number;
  readonly last_missing_at: Date | null;
  /** Every document made before was compared with the trail. */
  readonly compared_until: Date | null;
}

/** Reads what the reconciler of the deployment found. */
export class ReconciliationsReader {
  constructor(private readonly database: Database) {}

  /** Of all services together; undefined: nothing was ever compared. */
  async read(): Promise<Reconciled | undefined> {
    const all = await this.database.collection<ReconciliationDocument>(RECONCILIATIONS).find({}).toArray();
    if (all.length === 0) return undefined;
    const time = (moment: Date): number => moment.getTime();
    // Of one service the looks at younger documents have come farthest; of all services the slowest counts.
    const compared = all.map(one => Math.max(...Object.values(one.compared_until).map(time), Number.NEGATIVE_INFINITY));
    const found = all.flatMap(one => one.last_missing_at ? [time(one.last_missing_at)] : []);
    const least = Math.min(...compared);
    return {
      missing: all.reduce((sum, one) => sum + one.missing, 0), last_missing_at: found.length > 0 ? new Date(Math.max(...found)) : null,
      compared_until: Number.isFinite(least) ? new Date(least) : null,
    };
  }
}
