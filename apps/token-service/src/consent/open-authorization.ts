import { AuthorizationTransactionDocument } from '@strowger/models/authorization-transactions/authorization-transactions.schema';
import { AuthorizationTransactions } from '@strowger/models/authorization-transactions/authorization-transactions.store';
import { ApplicationFacts, TenantFacts } from '@strowger/oauth-core/facts';
import { OAuthError } from '@strowger/oauth-core/oauth-error';
import { Facts } from '@strowger/oauth-core/ports';
import { redirectUriMatches } from '@strowger/oauth-core/redirect-uri';
import { narrowedScope } from '@strowger/oauth-core/scope';
import { Browser } from '../login/browsers';

/** An authorization request on its way, as it stands now: its scope is what the application still has of it. */
export interface OpenAuthorization {
  readonly transaction: AuthorizationTransactionDocument;
  readonly application: ApplicationFacts;
  readonly tenant: TenantFacts;
  readonly scope: string;
  /** Whether somebody of the tenant must log in first: nobody has, or the request asks for it anew. */
  readonly needsLogin: boolean;
}

/** Finds the authorization request that a page is about. */
export class OpenAuthorizations {
  constructor(private readonly transactions: AuthorizationTransactions, private readonly facts: Facts) {}

  /** @throws OAuthError access_denied - decided or over, begun elsewhere, or the application does not stand as it did */
  async of(id: string | undefined, browser: Browser): Promise<OpenAuthorization> {
    const transaction = id === undefined ? undefined : await this.transactions.read(id);
    if (!transaction) throw new OAuthError('access_denied', 'this request is over: it was decided already, or it took too long');
    if (transaction.browser !== browser.id) throw new OAuthError('access_denied', 'this request was begun in another browser, or somebody else has logged in here since');
    const { request, sign_out_versions: began } = transaction;
    const [application, tenant] = await Promise.all([this.facts.application(transaction.application_id, { fresh: true }), this.facts.tenant(transaction.tenant_id, { fresh: true })]);
    if (application?.status !== 'active' || !tenant || application.sign_out_version > began.application || tenant.sign_out_version > began.tenant) {
      throw new OAuthError('access_denied', 'the application was signed out or disabled meanwhile');
    }
    if (!application.redirect_uris.some(uri => redirectUriMatches(uri, request.redirect_uri))) throw new OAuthError('access_denied', 'the redirect URI of this request is not registered any more');
    const needsLogin = browser.person?.standing.tenant.id !== tenant.id || (request.prompt.includes('login') && !transaction.logged_in);
    return { transaction, application, tenant, scope: narrowedScope(request.scope, application.scope), needsLogin };
  }
}
