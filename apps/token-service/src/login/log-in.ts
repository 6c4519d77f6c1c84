import { AuthorizationTransactions } from '@strowger/models/authorization-transactions/authorization-transactions.store';
import { SessionStanding } from '@strowger/models/login-sessions/login-sessions.store';
import { AccountFacts } from '@strowger/oauth-core/facts';
import { Facts, Origin, PasswordCheck } from '@strowger/oauth-core/ports';
import type { FastifyReply } from 'fastify';
import { OpenAuthorization } from '../consent/open-authorization';
import { Browser, Browsers } from './browsers';

/** A person's login by password, within the same limits as the password grant: one check, one set of counters. */
export class LogIn {
  constructor(private readonly passwords: PasswordCheck, private readonly facts: Facts, private readonly browsers: Browsers, private readonly transactions: AuthorizationTransactions) {}

  /**
   * Begins a session, and hands it the authorization request the login is for. False: username or password is wrong, or the
   * account is blocked, unknown or another tenant's; nobody is told which.
   * @throws OAuthError rate_limit_exceeded, temporarily_unavailable, invalid_request (no password is so long)
   */
  async run(typed: { readonly username: string; readonly password: string }, open: OpenAuthorization | undefined, browser: Browser, reply: FastifyReply, origin: Origin): Promise<boolean> {
    const standing = await this.passwords.check(typed.username, typed.password, origin, account => this.standingOf(account, open));
    if (!standing) return false;
    const session = await this.browsers.logIn(browser, standing, reply, origin);
    if (open) await this.transactions.loggedIn(open.transaction, session);
    return true;
  }

  private async standingOf(account: AccountFacts, open: OpenAuthorization | undefined): Promise<SessionStanding | undefined> {
    const [tenant, owner] = await Promise.all([this.facts.tenant(account.tenant_id), account.owner === undefined ? undefined : this.facts.account(account.owner)]);
    if (!tenant || (open && open.tenant.id !== tenant.id) || (account.kind === 'api_access' && owner?.status !== 'active')) return undefined;
    return { tenant, account, ...(account.kind === 'api_access' && owner && { owner }) };
  }
}
