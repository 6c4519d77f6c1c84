import { Controller, Get, Post, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { userCodeOf } from '@strowger/oauth-core/device-authorization';
import { OAuthError } from '@strowger/oauth-core/oauth-error';
import { formOf, originOf } from '../client-auth/authenticated-client';
import { queryOf } from '../page/page-query';
import { OpenAuthorization, OpenAuthorizations } from '../consent/open-authorization';
import { sendPage, sendTo } from '../page/page';
import { waitWords } from '../page/wait-words';
import { withinDeadline } from '../request-deadline';
import { Brands } from './brands';
import { Browser, Browsers } from './browsers';
import { LogIn } from './log-in';
import { DEVICE, loggedInPage, loggedOutPage, loginPage } from './login.page';

const FORM = 'login', LOGOUT = 'logout';
/** What a login is for: an authorization request, a device (and the code that came with its link), or nothing but itself. */
interface Purpose { readonly open?: OpenAuthorization; readonly device?: { readonly code?: string } }

/** GET and POST `/login`, POST `/logout`: the session of a person. An address ends no session: GET `/logout` leads to the page with the button. */
@Controller()
export class LoginController {
  constructor(private readonly browsers: Browsers, private readonly authorizations: OpenAuthorizations, private readonly logIn: LogIn, private readonly brands: Brands) {}

  @Get('login')
  async form(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> { await withinDeadline(request, this.show(request, reply)); }

  @Post('login')
  async login(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> { await withinDeadline(request, this.attempt(request, reply)); }

  @Get('logout')
  away(@Res() reply: FastifyReply): void { sendTo(reply, '/login'); }

  @Post('logout')
  async logout(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> { await withinDeadline(request, this.end(request, reply)); }

  private async show(request: FastifyRequest, reply: FastifyReply): Promise<void> {
    const query = queryOf(request), browser = await this.browsers.of(request, reply), purpose = await this.purposeOf(query, browser);
    if (purpose.open || purpose.device || !browser.person) { await this.answer(reply, 200, browser, purpose); return; }
    const { account, tenant } = browser.person.standing;
    sendPage(reply, 200, loggedInPage(account.username, await this.brands.of(tenant.id), this.browsers.tokenFor(browser, LOGOUT)));
  }

  private async attempt(request: FastifyRequest, reply: FastifyReply): Promise<void> {
    const form = formOf(request), browser = await this.browsers.of(request, reply);
    this.browsers.assertOwnForm(request, browser, FORM, form.get('transaction') ?? '');
    const purpose = await this.purposeOf(form, browser), { open } = purpose;
    const username = form.get('username'), password = form.get('password');
    if (username === undefined || password === undefined) { await this.answer(reply, 400, browser, purpose, { wrong: 'Enter your username and your password.', username }); return; }
    try {
      const right = await this.logIn.run({ username, password }, open, browser, reply, originOf(request));
      if (right) sendTo(reply, afterwards(purpose));
      else await this.answer(reply, 400, browser, purpose, { wrong: 'That username and password do not match. Check both and try again.', username });
    } catch (error) {
      if (!(error instanceof OAuthError) || (error.code !== 'rate_limit_exceeded' && error.code !== 'invalid_request')) throw error;
      if (error.retryAfterSeconds !== undefined) void reply.header('Retry-After', String(error.retryAfterSeconds));
      await this.answer(reply, error.status, browser, purpose, { wrong: error.code === 'invalid_request' ? 'No password is that long. Check it and try again.' : `Too many attempts. Wait ${waitWords(error.retryAfterSeconds)}, then try again.`, username });
    }
  }

  /** @throws OAuthError access_denied - the authorization request is over, or not this browser's */
  private async purposeOf(parameters: ReadonlyMap<string, string>, browser: Browser): Promise<Purpose> {
    const id = parameters.get('transaction'), code = userCodeOf(parameters.get('user_code'));
    if (id !== undefined) return { open: await this.authorizations.of(id, browser) };
    return parameters.get('to') === DEVICE ? { device: { ...(code !== undefined && { code }) } } : {};
  }

  private async answer(reply: FastifyReply, status: number, browser: Browser, { open, device }: Purpose, refused?: { readonly wrong: string; readonly username: string | undefined }): Promise<void> {
    const username = refused?.username ?? open?.transaction.request.login_hint;
    sendPage(reply, status, loginPage({
      csrf: this.browsers.tokenFor(browser, FORM, open?.transaction._id ?? ''), ...(refused && { wrong: refused.wrong }), ...(username !== undefined && { username }), ...(device && { device }),
      ...(open && { brand: await this.brands.of(open.tenant.id), transaction: { id: open.transaction._id, application: open.application.name, redirect_uri: open.transaction.request.redirect_uri } }),
    }));
  }

  private async end(request: FastifyRequest, reply: FastifyReply): Promise<void> {
    const browser = await this.browsers.of(request, reply);
    this.browsers.assertOwnForm(request, browser, LOGOUT);
    await this.browsers.logOut(browser, reply, originOf(request));
    sendPage(reply, 200, loggedOutPage());
  }
}

/** Where a login leads: to one of our own pages, whatever was sent. */
function afterwards({ open, device }: Purpose): string {
  if (open) return `/oauth/authorize/decision?transaction=${open.transaction._id}`;
  return device ? `/device${device.code === undefined ? '' : `?user_code=${device.code}`}` : '/login';
}
