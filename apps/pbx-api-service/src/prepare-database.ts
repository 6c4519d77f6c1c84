import { Database, ensureCollections } from '@strowger/models/database';
import { PbxStore } from '@strowger/models/pbx/pbx.store';
import { RATE_LIMITS, rateLimitIndexes } from '@strowger/models/rate-limits/rate-limits.schema';

/** Makes the collections and indexes of this service. */
export async function prepareDatabase(database: Database, pbx: PbxStore): Promise<void> {
  await ensureCollections(database, [[RATE_LIMITS, rateLimitIndexes]]);
  await pbx.prepare();
}
