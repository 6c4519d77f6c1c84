import { accessTokenIndexes, ACCESS_TOKENS } from '@strowger/models/access-tokens/access-tokens.schema';
import { AUTHORIZATION_TRANSACTIONS, authorizationTransactionIndexes } from '@strowger/models/authorization-transactions/authorization-transactions.schema';
import { consentIndexes, CONSENTS } from '@strowger/models/consents/consents.schema';
import { Database, ensureCollections } from '@strowger/models/database';
import { DEVICE_AUTHORIZATIONS, deviceAuthorizationIndexes } from '@strowger/models/device-authorizations/device-authorizations.schema';
import { grantIndexes, GRANTS } from '@strowger/models/grants/grants.schema';
import { HEARTBEATS } from '@strowger/models/heartbeats/heartbeats.schema';
import { LOGIN_SESSIONS, loginSessionIndexes } from '@strowger/models/login-sessions/login-sessions.schema';
import { OUTBOX, outboxIndexes } from '@strowger/models/outbox/outbox.schema';
import { RATE_LIMITS, rateLimitIndexes } from '@strowger/models/rate-limits/rate-limits.schema';
import { RECONCILIATIONS } from '@strowger/models/reconciliations/reconciliations.schema';
import { SECRET_USES } from '@strowger/models/secret-uses/secret-uses.store';
import { SIGN_IN_ADDRESSES, signInAddressIndexes } from '@strowger/models/sign-in-addresses/sign-in-addresses.store';
import { SIGNING_KEYS, signingKeyIndexes } from '@strowger/models/signing-keys/signing-keys.store';
import { SigningKeys } from './keys/signing-keys';

const owned = [
  [OUTBOX, outboxIndexes], [ACCESS_TOKENS, accessTokenIndexes], [GRANTS, grantIndexes], [CONSENTS, consentIndexes], [RATE_LIMITS, rateLimitIndexes],
  [SIGNING_KEYS, signingKeyIndexes], [SECRET_USES, []], [RECONCILIATIONS, []], [HEARTBEATS, []], [SIGN_IN_ADDRESSES, signInAddressIndexes],
  [LOGIN_SESSIONS, loginSessionIndexes], [AUTHORIZATION_TRANSACTIONS, authorizationTransactionIndexes], [DEVICE_AUTHORIZATIONS, deviceAuthorizationIndexes],
] as const;

/** Makes the collections and indexes of this service, and the signing keys. */
export async function prepareDatabase(database: Database, keys: SigningKeys): Promise<void> {
  await ensureCollections(database, owned);
  await keys.load();
}
