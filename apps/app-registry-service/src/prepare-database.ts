import { accountIndexes, ACCOUNTS } from '@strowger/models/accounts/accounts.schema';
import { applicationIndexes, APPLICATIONS } from '@strowger/models/applications/applications.schema';
import { Database, ensureCollections } from '@strowger/models/database';
import { OUTBOX, outboxIndexes } from '@strowger/models/outbox/outbox.schema';
import { RATE_LIMITS, rateLimitIndexes } from '@strowger/models/rate-limits/rate-limits.schema';
import { tenantIndexes, TENANTS } from '@strowger/models/tenants/tenants.schema';

const needed = [[TENANTS, tenantIndexes], [ACCOUNTS, accountIndexes], [APPLICATIONS, applicationIndexes], [OUTBOX, outboxIndexes], [RATE_LIMITS, rateLimitIndexes]] as const;

/** Makes the collections and indexes that this service needs; without the unique ones it must not write. */
export const prepareDatabase = (database: Database): Promise<void> => ensureCollections(database, needed);
