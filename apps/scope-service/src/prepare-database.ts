import { Database, ensureCollections } from '@strowger/models/database';
import { OUTBOX, outboxIndexes } from '@strowger/models/outbox/outbox.schema';
import { RATE_LIMITS, rateLimitIndexes } from '@strowger/models/rate-limits/rate-limits.schema';
import { SCOPE_CHANGES, scopeChangeIndexes } from '@strowger/models/scope-changes/scope-changes.schema';
import { scopeIndexes, SCOPES } from '@strowger/models/scopes/scopes.schema';

const owned = [[OUTBOX, outboxIndexes], [SCOPES, scopeIndexes], [SCOPE_CHANGES, scopeChangeIndexes], [RATE_LIMITS, rateLimitIndexes]] as const;

/** Makes the collections and indexes of this service: without its unique index two services could share a module. */
export const prepareDatabase = (database: Database): Promise<void> => ensureCollections(database, owned);
