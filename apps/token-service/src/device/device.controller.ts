import { createHash } from 'node:crypto';
import { Controller, Get, Post, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { shownUserCode, userCodeOf } from '@strowger/oauth-core/device-authorization';
import { OAuthError } from '@strowger/oauth-core/oauth-error';
import { formOf, originOf } from '../client-auth/authenticated-client';
import { chosenIn } from '../consent/scope-choices';
import { Brands } from '../login/brands';
import { Browser, Browsers, LoggedIn } from '../login/browsers';
import { sendPage, sendTo } from '../page/page';
import { queryOf } from '../page/page-query';
import { waitWords } from '../page/wait-words';
import { withinDeadline } from '../request-deadline';
import { AskingDevice, DecideDevice } from './decide-device';
import { deviceAllowedPage, deviceCodePage, deviceDecisionPage, deviceDeniedPage, deviceLogin } from './device.page';

const CODE_FORM = 'device code', DECISION_FORM = 'device decision';
const UNKNOWN = 'No device is waiting with that code. Look at its display again: a code works once, for ten minutes.';

/** GET and POST `/device`: a person enters the code that a device shows, and decides (RFC 8628 §3.3). Nothing is looked for on a GET. */
@Controller('device')
export class DeviceController {
  constructor(private readonly devices: DecideDevice, private readonly browsers: Browsers, private readonly brands: Brands) {}

  @Get()
  async form(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> { await withinDeadline(request, this.show(request, reply)); }

  @Post()
  async answer(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> { await withinDeadline(request, this.take(request, reply)); }

  private async show(request: FastifyRequest, reply: FastifyReply): Promise<void> {
    const browser = await this.browsers.of(request, reply), code = userCodeOf(queryOf(request).get('user_code'));
    if (browser.person) await this.ask(reply, 200, browser, browser.person, code); else sendTo(reply, deviceLogin(code));
  }

  private async take(request: FastifyRequest, reply: FastifyReply): Promise<void> {
    const form = formOf(request), browser = await this.browsers.of(request, reply), typed = form.get('user_code'), code = userCodeOf(typed), shown = form.get('shown'), { person } = browser;
    if (shown === undefined) this.browsers.assertOwnForm(request, browser, CODE_FORM); else this.browsers.assertOwnForm(request, browser, DECISION_FORM, typed ?? '', shown);
    if (!person) { sendTo(reply, deviceLogin(code)); return; }
    if (code === undefined) { await this.ask(reply, 400, browser, person, typed, 'A code has nine digits. Look at the device\'s display again.'); return; }
    try {
      const asking = await this.devices.find(code, person, originOf(request));
      if (!asking) await this.ask(reply, 400, browser, person, code, UNKNOWN);
      else if (shown === undefined) await this.decision(reply, 200, browser, asking);
      else await this.decide(request, reply, browser, asking, shown);
    } catch (error) {
      if (!(error instanceof OAuthError) || error.code !== 'rate_limit_exceeded') throw error;
      if (error.retryAfterSeconds !== undefined) void reply.header('Retry-After', String(error.retryAfterSeconds));
      await this.ask(reply, error.status, browser, person, undefined, `Too many wrong codes. Wait ${waitWords(error.retryAfterSeconds)}, then try again.`);
    }
  }

  private async decide(request: FastifyRequest, reply: FastifyReply, browser: Browser, asking: AskingDevice, shown: string): Promise<void> {
    const form = formOf(request), decision = form.get('decision'), chosen = chosenIn(form), { application, tenant } = asking.standing;
    if (decision === 'deny') {
      await this.devices.deny(asking, originOf(request));
      sendPage(reply, 200, deviceDeniedPage(application.name, await this.brands.of(tenant.id)));
      return;
    }
    const changed = digestOf(asking) !== shown, note = changed ? 'The application was changed a moment ago. Look again at what it asks for.'
      : decision !== 'allow' ? 'Choose whether to allow or to deny.' : asking.offered.some(({ key }) => chosen.has(key)) ? undefined : 'Nothing is ticked. Tick what you allow, or deny.';
    if (note !== undefined) { await this.decision(reply, changed ? 409 : 400, browser, asking, { chosen, note }); return; }
    await this.devices.allow(asking, chosen, originOf(request));
    sendPage(reply, 200, deviceAllowedPage(application.name, await this.brands.of(tenant.id)));
  }

  private async ask(reply: FastifyReply, status: number, browser: Browser, { standing }: LoggedIn, code: string | undefined, wrong?: string): Promise<void> {
    const digits = userCodeOf(code);
    sendPage(reply, status, deviceCodePage({
      csrf: this.browsers.tokenFor(browser, CODE_FORM), brand: await this.brands.of(standing.tenant.id), username: standing.account.username,
      ...(code !== undefined && { code: digits === undefined ? code : shownUserCode(digits) }), ...(wrong !== undefined && { wrong }),
    }));
  }

  private async decision(reply: FastifyReply, status: number, browser: Browser, asking: AskingDevice, again?: { readonly chosen: ReadonlySet<string>; readonly note: string }): Promise<void> {
    const shown = digestOf(asking), { device, standing, offered } = asking, { application, tenant, account, owner } = standing;
    sendPage(reply, status, deviceDecisionPage({
      csrf: this.browsers.tokenFor(browser, DECISION_FORM, device.user_code, shown), shown, code: device.user_code, brand: await this.brands.of(tenant.id), application: application.name,
      username: account.username, readOnly: account.access === 'read_only' || owner?.access === 'read_only', offered, chosen: again?.chosen ?? new Set(offered.map(({ key }) => key)),
      until: new Date(Date.now() + tenant.refresh_token_ttl_seconds * 1000), ip: device.ip, since: device.created_at, ...(again && { note: again.note }),
    }));
  }
}

/** Of all that a person decides by: what was shown is what is decided, or the person is asked again. */
const digestOf = ({ device, standing: { application, account }, offered }: AskingDevice): string =>
  createHash('sha256').update(JSON.stringify([device.id, application.name, application.client_id, account.id, offered])).digest('base64url');
