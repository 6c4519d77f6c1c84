import { createHash } from 'node:crypto';
import { Controller, Get, Post, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { TOKEN } from '@strowger/oauth-core/authorization-request';
import { formOf, originOf } from '../client-auth/authenticated-client';
import { Brands } from '../login/brands';
import { Browsers } from '../login/browsers';
import { sendPage, sendTo } from '../page/page';
import { queryOf } from '../page/page-query';
import { withinDeadline } from '../request-deadline';
import { consentPage } from './consent.page';
import { Asked, DecideAuthorization } from './decide-authorization';
import { chosenIn } from './scope-choices';

const FORM = 'consent';

/** GET `/oauth/authorize/decision` asks the person, POST takes the answer. */
@Controller('oauth/authorize/decision')
export class DecisionController {
  constructor(private readonly decisions: DecideAuthorization, private readonly browsers: Browsers, private readonly brands: Brands) {}

  @Get()
  async ask(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> { await withinDeadline(request, this.show(request, reply)); }

  @Post()
  async answer(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> { await withinDeadline(request, this.decide(request, reply)); }

  private async show(request: FastifyRequest, reply: FastifyReply): Promise<void> {
    const at = new Date(), browser = await this.browsers.of(request, reply);
    const next = await this.decisions.next(queryOf(request).get('transaction'), browser, { origin: originOf(request), at });
    if ('to' in next) sendTo(reply, next.to); else await this.page(reply, 200, browser, next);
  }

  private async decide(request: FastifyRequest, reply: FastifyReply): Promise<void> {
    const at = new Date(), form = formOf(request), browser = await this.browsers.of(request, reply), id = form.get('transaction') ?? '', shown = form.get('shown') ?? '';
    this.browsers.assertOwnForm(request, browser, FORM, id, shown);
    const next = await this.decisions.asked(id, browser);
    if ('to' in next) { sendTo(reply, next.to); return; }
    const chosen = chosenIn(form), decision = form.get('decision');
    if (decision === 'deny') { sendTo(reply, await this.decisions.deny(next, originOf(request))); return; }
    const note = digestOf(next) !== shown ? 'The application was changed a moment ago. Look again at what it asks for.'
      : decision !== 'allow' ? 'Choose whether to allow or to deny.' : next.offered.some(({ key }) => chosen.has(key)) ? undefined : 'Nothing is ticked. Tick what you allow, or deny.';
    if (note !== undefined) { await this.page(reply, digestOf(next) === shown ? 400 : 409, browser, { ...next, chosen, note }); return; }
    sendTo(reply, await this.decisions.allow(next, chosen, { origin: originOf(request), at }));
  }

  private async page(reply: FastifyReply, status: number, browser: Parameters<Browsers['tokenFor']>[0], asked: Asked & { readonly chosen?: ReadonlySet<string>; readonly note?: string }): Promise<void> {
    const shown = digestOf(asked), { transaction, application, tenant, standing, offered } = asked, id = transaction._id;
    sendPage(reply, status, consentPage({
      csrf: this.browsers.tokenFor(browser, FORM, id, shown), shown, transaction: id, brand: await this.brands.of(tenant.id), application: application.name, username: standing.account.username,
      readOnly: (standing.owner ?? standing.account).access === 'read_only' || standing.account.access === 'read_only', offered, chosen: asked.chosen ?? new Set(offered.map(({ key }) => key)),
      until: new Date(Date.now() + (transaction.request.response_type === TOKEN ? tenant.access_token_ttl_seconds : tenant.refresh_token_ttl_seconds) * 1000), redirect_uri: transaction.request.redirect_uri, ...(asked.note !== undefined && { note: asked.note }),
    }));
  }
}

/** Of all that a person decides by: what was shown is what is decided, or the person is asked again. */
const digestOf = ({ application, transaction, standing, offered }: Asked): string =>
  createHash('sha256').update(JSON.stringify([application.name, application.client_id, transaction.request.redirect_uri, standing.account.id, offered])).digest('base64url');
