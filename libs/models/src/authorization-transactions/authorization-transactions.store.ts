import { randomBytes } from 'node:crypto';
import { mongo } from 'mongoose';
import { AuthorizationRequest } from '@strowger/oauth-core/authorization-request';
import { ApplicationFacts, TenantFacts } from '@strowger/oauth-core/facts';
import { OAuthError } from '@strowger/oauth-core/oauth-error';
import { Database } from '../database';
import { AUTHORIZATION_TRANSACTIONS, AuthorizationTransactionDocument } from './authorization-transactions.schema';

const ID_BYTES = 16;

/** Authorization requests on their way. Nothing of them is an event until the person has decided. */
export class AuthorizationTransactions {
  constructor(private readonly database: Database, private readonly lifetimeSeconds: number) {}

  /** `browser`: SHA-256 of the cookie that must come back. */
  async open(request: AuthorizationRequest, application: ApplicationFacts, tenant: TenantFacts, browser: string): Promise<AuthorizationTransactionDocument> {
    const now = new Date(), transaction: AuthorizationTransactionDocument = {
      _id: randomBytes(ID_BYTES).toString('base64url'), tenant_id: tenant.id, version: 1, application_id: application.id, browser, logged_in: false, request,
      sign_out_versions: { tenant: tenant.sign_out_version, application: application.sign_out_version }, status: 'open',
      created_at: now, expires_at: new Date(now.getTime() + this.lifetimeSeconds * 1000),
    };
    await this.collection().insertOne(transaction);
    return transaction;
  }

  /** One that nobody has decided and that is not over. */
  async read(id: string): Promise<AuthorizationTransactionDocument | undefined> {
    return await this.collection().findOne({ _id: id, status: 'open', expires_at: { $gt: new Date() } }) ?? undefined;
  }

  /** After a login it belongs to the new session, by compare-and-set. */
  async loggedIn(transaction: AuthorizationTransactionDocument, session: string): Promise<void> {
    const { modifiedCount } = await this.collection().updateOne(
      { _id: transaction._id, status: 'open', version: transaction.version }, { $set: { browser: session, logged_in: true }, $inc: { version: 1 } },
    );
    if (modifiedCount === 0) throw decidedAlready();
  }

  /** Decides it inside the transaction of what is decided. @throws OAuthError access_denied - somebody has already */
  async decide(transaction: AuthorizationTransactionDocument, status: 'approved' | 'denied', session: mongo.ClientSession): Promise<void> {
    const { modifiedCount } = await this.collection().updateOne({ _id: transaction._id, status: 'open', version: transaction.version }, { $set: { status }, $inc: { version: 1 } }, { session });
    if (modifiedCount === 0) throw decidedAlready();
  }

  private collection() { return this.database.collection<AuthorizationTransactionDocument>(AUTHORIZATION_TRANSACTIONS); }
}

const decidedAlready = (): OAuthError => new OAuthError('access_denied', 'this request has been decided already; go back to the application and begin again');
