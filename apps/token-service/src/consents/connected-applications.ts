import { notFound } from '@strowger/auth/api-error';
import { ConsentsReader } from '@strowger/models/consents/consents.reader';
import { ConsentDocument } from '@strowger/models/consents/consents.schema';
import { ConsentsStore } from '@strowger/models/consents/consents.store';
import { LiveGrantsReader } from '@strowger/models/grants/live-grants.reader';
import { AccessTokenClaims, ApplicationFacts } from '@strowger/oauth-core/facts';
import { Facts, Grants, Origin } from '@strowger/oauth-core/ports';
import { ActedThrough, Impersonations } from '../impersonations/impersonations';

/** An application that an account allowed something. `last_token_at`: to some seconds; absent where it never got one. `impersonation`: what others did through it in the account's name. */
export interface ConnectedApplication { readonly consent: ConsentDocument; readonly application: ApplicationFacts; readonly last_token_at?: Date; readonly impersonation?: ActedThrough }
/** `next`: the application's id after which the list goes on. */
export interface ConnectedPage { readonly items: readonly ConnectedApplication[]; readonly next?: string }

const REASON = 'consent_removed';
const GRANTS_AT_ONCE = 20;

/** The applications that a caller's own account is connected with: what each may do, and the end of it. */
export class ConnectedApplications {
  constructor(private readonly read: { readonly consents: ConsentsReader; readonly grants: LiveGrantsReader; readonly impersonations: Pick<Impersonations, 'byClient'> }, private readonly consents: ConsentsStore, private readonly grants: Grants, private readonly facts: Facts) {}

  async list({ sub, tenant_id }: Pick<AccessTokenClaims, 'sub' | 'tenant_id'>, limit: number, after?: string): Promise<ConnectedPage> {
    const found = await this.consents.ofAccount(sub, limit + 1, after), page = found.slice(0, limit), last = page.at(-1);
    const [applications, used, acted] = await Promise.all([
      Promise.all(page.map(({ application_id }) => this.facts.application(application_id))), this.read.grants.lastUsed(sub, page.map(({ application_id }) => application_id)),
      this.read.impersonations.byClient({ sub, tenant_id }),
    ]);
    const items = page.flatMap((consent, i) => {
      const application = applications[i], last_token_at = used.get(consent.application_id), impersonation = application && acted.get(application.client_id);
      return application && application.status !== 'deleted' ? [{ consent, application, ...(last_token_at && { last_token_at }), ...(impersonation && { impersonation }) }] : [];
    });
    return { items, ...(found.length > limit && last && { next: last.application_id }) };
  }

  /**
   * Removes an application: first the consent, so that nothing new comes of it, then every grant under it, and with these their tokens. Asked
   * again it finishes what was left.
   * @throws ApiError 404 - the account never was connected with it
   * @throws OAuthError temporarily_unavailable
   */
  async remove(clientId: string, { sub, client_id, act }: AccessTokenClaims, origin: Origin): Promise<void> {
    const application = await this.facts.applicationByClientId(clientId) ?? await this.facts.applicationByClientIdAgain(clientId);
    const consent = application && await this.read.consents.of(sub, application.id);
    if (!consent) throw notFound('connected application');
    const by = { account_id: sub, client_id, ...(act && { act }) };
    if (consent.status === 'active') await this.consents.remove(consent, by, origin);
    for (let many = GRANTS_AT_ONCE; many === GRANTS_AT_ONCE;) {
      const active = await this.read.grants.active(sub, application.id, GRANTS_AT_ONCE);
      await Promise.all(active.map(grant => this.grants.revoke(grant, REASON, by, origin)));
      many = active.length;
    }
  }
}
