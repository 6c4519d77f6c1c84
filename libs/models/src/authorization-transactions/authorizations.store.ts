import { randomBytes } from 'node:crypto';
import { mongo } from 'mongoose';
import { EventData } from '@strowger/contracts/event-catalogue';
import { CodeState } from '@strowger/oauth-core/authorization-code';
import { AuthorizationRequest, TOKEN } from '@strowger/oauth-core/authorization-request';
import { answeredConsent } from '@strowger/oauth-core/consent-scope';
import { Origin } from '@strowger/oauth-core/ports';
import { GrantFacts } from '@strowger/oauth-core/refresh-token';
import { signOutVersionsOf, Standing } from '@strowger/oauth-core/standing';
import { consentIdOf } from '../consents/consents.reader';
import { ConsentDocument, CONSENTS } from '../consents/consents.schema';
import { Database, isDatabaseUnavailable } from '../database';
import { GrantDocument, GRANTS } from '../grants/grants.schema';
import { ChangeRecorder } from '../outbox/change-recorder';
import { eventIdOf, makeEvent } from '../outbox/make-event';
import { outrun } from '../outbox/record-attempt';
import { AUTHORIZATION_TRANSACTIONS, AuthorizationTransactionDocument } from './authorization-transactions.schema';
import { AuthorizationTransactions } from './authorization-transactions.store';

const DUPLICATE_KEY = 11000;
type ConsentEvent = 'consent.granted' | 'consent.denied';

/** What was allowed. `consent`: as it was read before. `remembered`: it says so, and nobody was asked now. `transaction`: which is decided by this, where there is one. */
export interface Approval {
  readonly standing: Standing;
  readonly request: AuthorizationRequest;
  readonly scope: string;
  readonly consent: ConsentDocument | undefined;
  readonly remembered: boolean;
  readonly transaction?: AuthorizationTransactionDocument;
}

/**
 * What people decide about applications: the decision, the consent and the grant (with its code, unless a token was asked for) become durable in one
 * transaction with their events, so that a crash leaves a whole answer or none.
 */
export class AuthorizationsStore {
  /** `keyId`: of the key that codes and refresh tokens are derived with now. */
  constructor(private readonly database: Database, private readonly transactions: AuthorizationTransactions, private readonly changes: ChangeRecorder, private readonly keyId: string) {}

  /** @throws OAuthError access_denied - decided already; temporarily_unavailable - the consent changed meanwhile, or nobody knows whether it happened */
  async approve({ standing, request, scope, consent, remembered, transaction }: Approval, origin: Origin): Promise<GrantFacts> {
    const { tenant, application, account } = standing, now = new Date(), implicit = request.response_type === TOKEN;
    const code: CodeState = {
      redirect_uri: request.redirect_uri, redirect_uri_named: request.redirect_uri_named, ...(request.code_challenge !== undefined && { challenge: request.code_challenge }), issued_at: now,
    };
    const grant: GrantDocument = {
      _id: randomBytes(16).toString('base64url'), tenant_id: tenant.id, version: 1, application_id: application.id, account_id: account.id, grant_type: implicit ? 'implicit' : 'authorization_code', scope,
      key_id: this.keyId, nonce: randomBytes(16), sign_out_versions: signOutVersionsOf(standing), status: 'active', generation: 0, ...(!implicit && { code }),
      created_at: now, expires_at: new Date(now.getTime() + tenant.refresh_token_ttl_seconds * 1000),
    };
    const by = { account_id: account.id, client_id: application.client_id };
    const answered = remembered ? undefined : this.answered(standing, consent, request.scope, scope);
    const created: EventData<'grant.created'> = { tenant_id: tenant.id, version: 1, by, ...origin, grant_id: grant._id, application_id: application.id, account_id: account.id, scope };
    try {
      await this.changes.record(async session => {
        if (transaction) await this.transactions.decide(transaction, 'approved', session);
        if (answered) await this.put(answered, consent, session);
        await this.grants().insertOne(grant, { session });
        if (!implicit) await this.grants().updateOne({ _id: grant._id }, { $currentDate: { 'code.issued_at': true } }, { session });
        return {
          result: undefined,
          events: [
            ...(answered ? [this.consentEvent('consent.granted', CONSENTS, answered, origin, by)] : []),
            makeEvent(this.changes.source, 'grant.created', eventIdOf(GRANTS, grant._id, 1, 'grant.created'), grant._id, now, created),
          ],
        };
      });
    } catch (error) {
      if (error instanceof mongo.MongoServerError && error.code === DUPLICATE_KEY) throw outrun();
      if (!isDatabaseUnavailable(error) || await this.grants().findOne({ _id: grant._id }, { projection: { _id: 1 } }) === null) throw error;
    }
    const { _id, ...rest } = grant;
    return { id: _id, ...rest };
  }

  /** @throws OAuthError access_denied - decided already */
  async deny(transaction: AuthorizationTransactionDocument, standing: Standing, origin: Origin): Promise<void> {
    const { tenant, application, account } = standing;
    const denied = { _id: transaction._id, tenant_id: tenant.id, version: transaction.version + 1, application_id: application.id, account_id: account.id, scope: transaction.request.scope };
    await this.changes.record(async session => {
      await this.transactions.decide(transaction, 'denied', session);
      return { result: undefined, events: [this.consentEvent('consent.denied', AUTHORIZATION_TRANSACTIONS, denied, origin, { account_id: account.id, client_id: application.client_id })] };
    });
  }

  private answered({ tenant, application, account }: Standing, before: ConsentDocument | undefined, requested: string, granted: string): ConsentDocument {
    return {
      _id: consentIdOf(account.id, application.id), tenant_id: tenant.id, version: (before?.version ?? 0) + 1, account_id: account.id, application_id: application.id,
      ...answeredConsent(before, requested, granted), implied: false, status: 'active', granted_at: new Date(),
    };
  }

  private async put(consent: ConsentDocument, before: ConsentDocument | undefined, session: mongo.ClientSession): Promise<void> {
    const consents = this.database.collection<ConsentDocument>(CONSENTS);
    if (!before) await consents.insertOne(consent, { session });
    else if ((await consents.replaceOne({ _id: consent._id, version: before.version }, consent, { session })).modifiedCount === 0) throw outrun();
  }

  private consentEvent(
    type: ConsentEvent, collection: string, { _id, tenant_id, version, application_id, account_id, scope }: Pick<ConsentDocument, '_id' | 'tenant_id' | 'version' | 'application_id' | 'account_id' | 'scope'>,
    origin: Origin, by: { account_id: string; client_id: string },
  ) {
    return makeEvent<ConsentEvent>(this.changes.source, type, eventIdOf(collection, _id, version, type), _id, new Date(), { tenant_id, version, by, ...origin, application_id, account_id, scope });
  }

  private grants() { return this.database.collection<GrantDocument>(GRANTS); }
}
