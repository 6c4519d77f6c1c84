import { accessTokenIndexes, ACCESS_TOKENS } from '@strowger/models/access-tokens/access-tokens.schema';
import { AUTHORIZATION_TRANSACTIONS, authorizationTransactionIndexes } from '@strowger/models/authorization-transactions/authorization-transactions.schema';
import { consentIndexes, CONSENTS } from '@strowger/models/consents/consents.schema';
import { Database, ensureIndexes } from '@strowger/models/database';
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
import { ServiceLog } from '@strowger/service/service-log';
import { SigningKeys } from './keys/signing-keys';

const PAUSE_MS = 500;
const owned = [
  [OUTBOX, outboxIndexes], [ACCESS_TOKENS, accessTokenIndexes], [GRANTS, grantIndexes], [CONSENTS, consentIndexes], [RATE_LIMITS, rateLimitIndexes],
  [SIGNING_KEYS, signingKeyIndexes], [SECRET_USES, []], [RECONCILIATIONS, []], [HEARTBEATS, []], [SIGN_IN_ADDRESSES, signInAddressIndexes],
  [LOGIN_SESSIONS, loginSessionIndexes], [AUTHORIZATION_TRANSACTIONS, authorizationTransactionIndexes], [DEVICE_AUTHORIZATIONS, deviceAuthorizationIndexes],
] as const;

/** Prepares in the background what the service needs of the database: its collections, their indexes, the signing keys. */
export class StartUp {
  private done = false;
  private stopped = false;

  constructor(private readonly database: Database, private readonly keys: SigningKeys, private readonly log: ServiceLog) {}

  isReady(): boolean { return this.done; }
  stop(): void { this.stopped = true; }

  /** Tries until it works; the service listens meanwhile and is not ready. */
  async run(): Promise<void> {
    await this.database.connected();
    while (!this.stopped) {
      try {
        for (const [collection, indexes] of owned) await ensureIndexes(this.database, collection, indexes);
        await this.keys.load();
        this.done = true;
        return;
      } catch (error) {
        this.log.warn({ err: error }, 'the database could not be prepared yet');
        await new Promise(resolve => setTimeout(resolve, PAUSE_MS));
      }
    }
  }
}
