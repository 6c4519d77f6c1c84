import type { FastifyReply, FastifyRequest } from 'fastify';
import { LoginSessionDocument } from '@strowger/models/login-sessions/login-sessions.schema';
import { LoginSessions, SessionStanding, sessionVersionsOf } from '@strowger/models/login-sessions/login-sessions.store';
import { OAuthError } from '@strowger/oauth-core/oauth-error';
import { Facts, Origin } from '@strowger/oauth-core/ports';
import { formOf } from '../client-auth/authenticated-client';
import { formToken, idOfCookie, isFormToken, SessionCookie } from './session-cookie';

/** Who is logged in: the session, and what stands behind it now. */
export interface LoggedIn { readonly session: LoginSessionDocument; readonly standing: SessionStanding }
/** A browser by its cookie. `id`: what is stored of the cookie; `person`: where somebody is logged in. */
export interface Browser { readonly cookie: string; readonly id: string; readonly person?: LoggedIn }

/** Knows browsers by their cookie, begins and ends sessions in them, and sees to it that a form comes from the page it was on. */
export class Browsers {
  private readonly cookies: SessionCookie;

  constructor(private readonly sessions: LoginSessions, private readonly facts: Facts, private readonly issuer: string) { this.cookies = new SessionCookie(issuer); }

  /** Whether a request came with our cookie. A form of another site does not: browsers keep it back (`SameSite=Lax`), though they have it. */
  isKnown(request: FastifyRequest): boolean { return this.cookies.valueOf(request.headers.cookie) !== undefined; }

  /** The browser of a request; one without a cookie is given one, but not with a form: that would take the place of the cookie that was kept back, and end its session. */
  async of(request: FastifyRequest, reply: FastifyReply): Promise<Browser> {
    const known = this.cookies.valueOf(request.headers.cookie);
    const cookie = known ?? this.cookies.fresh(), id = idOfCookie(cookie);
    if (known === undefined && request.method !== 'POST') void reply.header('Set-Cookie', this.cookies.header(cookie));
    const session = known === undefined ? undefined : await this.sessions.read(id);
    const person = session && await this.standingOf(session);
    return { cookie, id, ...(person && { person }) };
  }

  /** Begins a session under a new cookie; the one before is dead. @returns the session's id */
  async logIn(browser: Browser, standing: SessionStanding, reply: FastifyReply, origin: Origin): Promise<string> {
    const cookie = this.cookies.fresh(), id = idOfCookie(cookie);
    await this.sessions.begin(id, standing, browser.person?.session, origin);
    void reply.header('Set-Cookie', this.cookies.header(cookie));
    return id;
  }

  async logOut(browser: Browser, reply: FastifyReply, origin: Origin): Promise<void> {
    if (browser.person) await this.sessions.end(browser.person.session, origin);
    void reply.header('Set-Cookie', this.cookies.expired());
  }

  /** The hidden field of a form; `about`: which form, and what it shows. */
  tokenFor(browser: Browser, ...about: readonly string[]): string { return formToken(browser.cookie, ...about); }

  /** @throws OAuthError access_denied - the form does not come from our own page in this browser */
  assertOwnForm(request: FastifyRequest, browser: Browser, ...about: readonly string[]): void {
    const { origin } = request.headers;
    if (origin !== undefined && origin !== this.issuer) throw new OAuthError('access_denied', `this form was sent from another address than ${this.issuer}; open the page there`);
    if (!isFormToken(formOf(request).get('csrf'), browser.cookie, ...about)) throw new OAuthError('access_denied', 'this form was not opened in this browser, or it was opened before somebody logged in here');
  }

  private async standingOf(session: LoginSessionDocument): Promise<LoggedIn | undefined> {
    const account = await this.facts.account(session.account_id);
    const [tenant, owner] = await Promise.all([this.facts.tenant(session.tenant_id), account?.owner === undefined ? undefined : this.facts.account(account.owner)]);
    if (account?.status !== 'active' || !tenant || (account.kind === 'api_access' && owner?.status !== 'active')) return undefined;
    const standing: SessionStanding = { tenant, account, ...(account.kind === 'api_access' && owner && { owner }) };
    const [began, now] = [session.sign_out_versions, sessionVersionsOf(standing)];
    return began.tenant < now.tenant || began.account < now.account || (began.owner ?? 0) < (now.owner ?? 0) ? undefined : { session, standing };
  }
}
