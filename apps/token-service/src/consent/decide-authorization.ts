import { AuthorizationsStore } from '@strowger/models/authorization-transactions/authorizations.store';
import { ConsentDocument } from '@strowger/models/consents/consents.schema';
import { ConsentsReader } from '@strowger/models/consents/consents.reader';
import { ScopesReader } from '@strowger/models/scopes/scopes.reader';
import { answerUri } from '@strowger/oauth-core/authorization-request';
import { chosenScope, OfferedScope, offeredScopes, rememberedScope } from '@strowger/oauth-core/consent-scope';
import { OAuthError } from '@strowger/oauth-core/oauth-error';
import { Origin } from '@strowger/oauth-core/ports';
import { Standing } from '@strowger/oauth-core/standing';
import { AuthorizeServer } from '../authorize/oauth2orize-authorize.server';
import { provesItself } from '../authorize/proves-itself';
import { Browser } from '../login/browsers';
import { OpenAuthorization, OpenAuthorizations } from './open-authorization';

/** Of a request: where it came from and when it began. */
interface When { readonly origin: Origin; readonly at: Date }
/** Where the browser goes instead of being asked. */
export interface Onward { readonly to: string }
/** What a person is asked, and what is known of the answer before. */
export interface Asked extends OpenAuthorization { readonly standing: Standing; readonly offered: readonly OfferedScope[]; readonly consent: ConsentDocument | undefined }

/** A person's decision about an authorization request, or the one that was made before. */
export class DecideAuthorization {
  constructor(
    private readonly open: OpenAuthorizations, private readonly server: AuthorizeServer, private readonly authorizations: AuthorizationsStore,
    private readonly read: { readonly consents: ConsentsReader; readonly scopes: ScopesReader }, private readonly issuer: string,
  ) {}

  /** What is to be asked; or onward, where somebody must log in first, or said yes to all of it before. @throws OAuthError access_denied */
  async next(id: string | undefined, browser: Browser, when: When): Promise<Asked | Onward> {
    const asked = await this.asked(id, browser);
    if ('to' in asked || asked.transaction.request.prompt.includes('consent') || !provesItself(asked.application, asked.transaction.request)) return asked;
    const scope = rememberedScope(asked.scope, asked.consent);
    return scope === undefined ? asked : { to: await this.answer(asked, scope, when, { remembered: true }) };
  }

  /** The same, but for what was said before: of the form that brings the answer. */
  async asked(id: string | undefined, browser: Browser): Promise<Asked | Onward> {
    const open = await this.open.of(id, browser), { person } = browser, { transaction, application, tenant, scope } = open;
    if (open.needsLogin || !person) return { to: `/login?transaction=${transaction._id}` };
    if (scope === '') return { to: answerUri(transaction.request, this.issuer, { error: 'invalid_scope', error_description: 'nothing of the requested scope is registered for the application any more' }) };
    const [consent, catalogue] = await Promise.all([this.read.consents.of(person.standing.account.id, application.id), this.read.scopes.grantableScopes()]);
    const offered = offeredScopes(scope, catalogue.map(({ _id, description }) => ({ scope: _id, description })));
    return { ...open, standing: { ...person.standing, application, tenant }, offered, consent };
  }

  /** @returns the answer's address @throws OAuthError access_denied - decided already; temporarily_unavailable */
  async allow(asked: Asked, chosen: ReadonlySet<string>, when: When): Promise<string> {
    return this.answer(asked, chosenScope(asked.scope, asked.offered, chosen), when, { remembered: false });
  }

  async deny(asked: Asked, origin: Origin): Promise<string> {
    await this.authorizations.deny(asked.transaction, asked.standing, origin);
    return answerUri(asked.transaction.request, this.issuer, { error: 'access_denied', error_description: 'the person denied the request' });
  }

  private async answer({ transaction, standing, consent, scope: requested }: Asked, scope: string, { origin, at }: When, { remembered }: { readonly remembered: boolean }): Promise<string> {
    const request = { ...transaction.request, scope: requested };
    try {
      return answerUri(request, this.issuer, await this.server.answer({ standing, request, scope, consent, transaction, remembered }, origin, at));
    } catch (error) {
      if (!(error instanceof OAuthError) || error.code !== 'unauthorized_client') throw error;
      return answerUri(request, this.issuer, { error: error.code, error_description: error.description });
    }
  }
}
