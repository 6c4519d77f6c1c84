import { AuthorizationTransactions } from '@strowger/models/authorization-transactions/authorization-transactions.store';
import { ConsentsReader } from '@strowger/models/consents/consents.reader';
import { answerUri, AuthorizationParameters, AuthorizationRequest, MAX_LOGIN_HINT, promptOf, ReturnAddress, returnAddress } from '@strowger/oauth-core/authorization-request';
import { rememberedScope } from '@strowger/oauth-core/consent-scope';
import { ApplicationFacts, TenantFacts } from '@strowger/oauth-core/facts';
import { grantedScope } from '@strowger/oauth-core/grants/granted-scope';
import { OAuthError } from '@strowger/oauth-core/oauth-error';
import { Facts, Origin } from '@strowger/oauth-core/ports';
import { Browser } from '../login/browsers';
import { BeginningsLimit } from './beginnings-limit';
import { AuthorizeServer } from './oauth2orize-authorize.server';
import { provesItself } from './proves-itself';

/** How long after a redirect URI was added strangers are not sent to it by themselves. */
const FRESH_MS = 24 * 3600 * 1000;

/** Where the browser goes next. `held`: not by itself, but by a link on a page that says where it leads and why. */
export type Next = { readonly to: string; readonly held?: { readonly application: ApplicationFacts; readonly refusal: OAuthError } };
interface Target { readonly application: ApplicationFacts; readonly address: ReturnAddress }

/**
 * An authorization request (RFC 6749 §4.1.1): first where its answer may go, and until that is sure a person is told on a
 * page; then everything else, which the application is told; then login and consent as far as they are needed.
 */
export class BeginAuthorization {
  constructor(
    private readonly facts: Facts, private readonly server: AuthorizeServer, private readonly transactions: AuthorizationTransactions, private readonly consents: ConsentsReader,
    private readonly limit: BeginningsLimit, private readonly issuer: string,
  ) {}

  /**
   * @returns where the browser goes next: to the application with an answer, to the login, or to the consent; an error goes to a website
   *   that somebody registered just now by a person's own click only (RFC 9700 §4.11.2)
   * @throws OAuthError invalid_request, unauthorized_client, rate_limit_exceeded - nobody may be told but the person
   */
  async run({ params, wrong }: AuthorizationParameters, browser: Browser, at: Date, origin: Origin): Promise<Next> {
    const { application, address } = await this.target(params);
    const tenant = await this.facts.tenant(application.tenant_id);
    if (!tenant || application.status !== 'active') throw new OAuthError('unauthorized_client', 'this application is disabled; its owner or an administrator can enable it');
    try {
      if (wrong) throw wrong;
      const request = await this.request(application, tenant, address, params, at);
      return { to: await this.next(request, application, tenant, browser, { at, origin }) };
    } catch (error) {
      if (!(error instanceof OAuthError) || error.status >= 500 || error.code === 'rate_limit_exceeded') throw error;
      const to = answerUri({ ...address, response_type: params.get('response_type') }, this.issuer, { error: error.code, error_description: error.description });
      return isFreshWebsite(application, address, at) && browser.person?.standing.tenant.id !== tenant.id ? { to, held: { application, refusal: error } } : { to };
    }
  }

  /** What does not fit is judged again on fresh facts: the application may have been registered a moment ago. */
  private async target(params: ReadonlyMap<string, string>): Promise<Target> {
    const clientId = params.get('client_id');
    if (clientId === undefined) throw new OAuthError('invalid_request', 'client_id is missing');
    const targetOf = (application: ApplicationFacts | undefined): Target => {
      if (!application || application.status === 'deleted') throw new OAuthError('invalid_request', 'client_id is unknown: no application is registered under it');
      return { application, address: returnAddress(application, params) };
    };
    const first = await this.facts.applicationByClientId(clientId);
    try {
      return targetOf(first);
    } catch {
      return targetOf(await this.facts.applicationByClientIdAgain(clientId) ?? first);
    }
  }

  private async request(application: ApplicationFacts, tenant: TenantFacts, address: ReturnAddress, params: ReadonlyMap<string, string>, at: Date): Promise<AuthorizationRequest> {
    const accepted = await this.server.accept({ application, tenant, params, at });
    const prompt = promptOf(params), scope = await grantedScope(this.facts, { client: application, params }), login_hint = params.get('login_hint')?.slice(0, MAX_LOGIN_HINT);
    return { ...address, ...accepted, response_type: params.get('response_type') ?? '', scope, prompt, ...(login_hint !== undefined && { login_hint }) };
  }

  private async next(request: AuthorizationRequest, application: ApplicationFacts, tenant: TenantFacts, browser: Browser, { at, origin }: { readonly at: Date; readonly origin: Origin }): Promise<string> {
    const person = browser.person?.standing.tenant.id === tenant.id ? browser.person : undefined, silent = request.prompt.includes('none');
    if (person && !request.prompt.includes('login') && !request.prompt.includes('consent') && provesItself(application, request)) {
      const consent = await this.consents.of(person.standing.account.id, application.id), scope = rememberedScope(request.scope, consent);
      if (scope !== undefined) return answerUri(request, this.issuer, await this.server.answer({ standing: { ...person.standing, application }, request, scope, consent, remembered: true }, origin, at));
    }
    if (silent) throw person ? new OAuthError('consent_required', 'the person must be asked') : new OAuthError('login_required', 'nobody is logged in');
    if (!browser.person) await this.limit.count('authorization', origin);
    const { _id } = await this.transactions.open(request, application, tenant, browser.id);
    return person && !request.prompt.includes('login') ? `/oauth/authorize/decision?transaction=${_id}` : `/login?transaction=${_id}`;
  }
}

const isFreshWebsite = ({ redirect_uris_at }: ApplicationFacts, { redirect_uri }: ReturnAddress, at: Date): boolean =>
  redirect_uri.startsWith('https:') && redirect_uris_at !== undefined && at.getTime() - redirect_uris_at.getTime() < FRESH_MS;
