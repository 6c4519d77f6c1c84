import { CodeState } from '@strowger/oauth-core/authorization-code';
import { AuthorizationRequest, TOKEN } from '@strowger/oauth-core/authorization-request';
import { Origin } from '@strowger/oauth-core/ports';
import { GrantFacts } from '@strowger/oauth-core/refresh-token';
import { Standing } from '@strowger/oauth-core/standing';
import { answeredConsentOf, consentEvent, putConsent } from '../consents/answered-consent';
import { ConsentDocument, CONSENTS } from '../consents/consents.schema';
import { Database } from '../database';
import { GrantDocument, GRANTS } from '../grants/grants.schema';
import { grantCreated, newGrant } from '../grants/new-grant';
import { recordGrant } from '../grants/record-grant';
import { ChangeRecorder } from '../outbox/change-recorder';
import { AUTHORIZATION_TRANSACTIONS, AuthorizationTransactionDocument } from './authorization-transactions.schema';
import { AuthorizationTransactions } from './authorization-transactions.store';

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
    const { application, account } = standing, now = new Date(), implicit = request.response_type === TOKEN;
    const code: CodeState = {
      redirect_uri: request.redirect_uri, redirect_uri_named: request.redirect_uri_named, ...(request.code_challenge !== undefined && { challenge: request.code_challenge }), issued_at: now,
    };
    const grant: GrantDocument = { ...newGrant(standing, { grantType: implicit ? 'implicit' : 'authorization_code', scope, keyId: this.keyId }, now), ...(!implicit && { code }) };
    const by = { account_id: account.id, client_id: application.client_id }, grants = this.database.collection<GrantDocument>(GRANTS);
    const answered = remembered ? undefined : answeredConsentOf(standing, consent, request.scope, scope);
    await recordGrant(this.database, this.changes, grant._id, async session => {
      if (transaction) await this.transactions.decide(transaction, 'approved', session);
      if (answered) await putConsent(this.database, answered, consent, session);
      await grants.insertOne(grant, { session });
      if (!implicit) await grants.updateOne({ _id: grant._id }, { $currentDate: { 'code.issued_at': true } }, { session });
      return [...(answered ? [consentEvent(this.changes.source, 'consent.granted', CONSENTS, answered, origin, by)] : []), grantCreated(this.changes.source, grant, origin, by, now)];
    });
    const { _id, ...rest } = grant;
    return { id: _id, ...rest };
  }

  /** @throws OAuthError access_denied - decided already */
  async deny(transaction: AuthorizationTransactionDocument, standing: Standing, origin: Origin): Promise<void> {
    const { tenant, application, account } = standing;
    const denied = { _id: transaction._id, tenant_id: tenant.id, version: transaction.version + 1, application_id: application.id, account_id: account.id, scope: transaction.request.scope };
    await this.changes.record(async session => {
      await this.transactions.decide(transaction, 'denied', session);
      return { result: undefined, events: [consentEvent(this.changes.source, 'consent.denied', AUTHORIZATION_TRANSACTIONS, denied, origin, { account_id: account.id, client_id: application.client_id })] };
    });
  }
}
