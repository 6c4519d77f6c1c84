import { ApiError, notFound } from '@strowger/auth/api-error';
import { generateClientId } from '@strowger/credentials/client-secret';
import { Application, ApplicationsReader } from '@strowger/models/applications/applications.reader';
import { ApplicationsWriter } from '@strowger/models/applications/applications.writer';
import { ScopesReader } from '@strowger/models/scopes/scopes.reader';
import { AccessTokenClaims } from '@strowger/oauth-core/facts';
import { OAuthError } from '@strowger/oauth-core/oauth-error';
import { KnownScopes, registeredScope } from '@strowger/oauth-core/scope';
import { Origin } from '../change-log';
import { settleApplication } from './application.events';
import { ApplicationChange, assertPasswordGrant } from './application.request';
import { freshSecret, withNewCredentials, withNewSecret, withoutSecret } from './application-secrets';
import { assertMaySet, isAdministrator } from './may-set';
import { Registered } from './register-application';

const CLIENT_ID = /^[0-9a-f]{32}$/;
const noSuch = (): ApiError => notFound('application');

/** Who wants to change which application, and from where. */
export interface Wish { readonly clientId: string; readonly caller: AccessTokenClaims; readonly origin: Origin }

/**
 * Everything that changes an application: its owner may, and administrators of its tenant; to others it is not there.
 * @throws ApiError 404 - in every method
 */
export class ChangeApplication {
  constructor(private readonly reader: ApplicationsReader, private readonly writer: ApplicationsWriter, private readonly scopes: ScopesReader) {}

  /** The application, if the caller may see it. */
  async find(clientId: string, caller: AccessTokenClaims): Promise<Application> {
    const [found] = CLIENT_ID.test(clientId) ? await this.reader.byClientIds([clientId]) : [];
    if (!found || found.tenant_id !== caller.tenant_id || found.status === 'deleted') throw noSuch();
    if (found.owner !== caller.sub && !isAdministrator(caller)) throw noSuch();
    return found;
  }

  /** @throws OAuthError invalid_scope, access_denied, invalid_request - see `registeredScope`, `assertMaySet`, `assertPasswordGrant` */
  async change(wish: Wish, { description, website, scope: wantedScope, ...change }: ApplicationChange): Promise<Application> {
    assertMaySet(change, wish.caller);
    const scope = wantedScope === undefined ? undefined : registeredScope(wantedScope, new KnownScopes(await this.scopes.grantable()));
    return this.settle(wish, before => {
      assertPasswordGrant(before.type, change.password_grant === true);
      const wanted: Application = { ...before, ...change, ...(scope !== undefined && { scope }), ...(change.redirect_uris?.some(uri => !before.redirect_uris.includes(uri)) && { redirect_uris_at: wish.origin.time }) };
      if (description) wanted.description = description;
      else if (description !== undefined) delete wanted.description;
      if (website) wanted.website = website;
      else if (website !== undefined) delete wanted.website;
      // The level is what was asked for: whoever sets it has decided.
      if (change.access_level !== undefined) delete wanted.access_level_request;
      return wanted;
    });
  }

  /** A new secret beside the older ones for `overlapSeconds`. @throws OAuthError invalid_request - see `withNewSecret` */
  async rotateSecret(wish: Wish, overlapSeconds: number): Promise<Registered> {
    const { time } = wish.origin;
    const fresh = freshSecret(time);
    return { application: await this.settle(wish, before => withNewSecret(before, fresh, overlapSeconds, time)), clientSecret: fresh.text };
  }

  async burnSecret(wish: Wish, secretId: string): Promise<Application> {
    return this.settle(wish, before => withoutSecret(before, secretId, wish.origin.time));
  }

  /** New client id and secret; everything issued under the old ones is dead (seeds 000, 004). */
  async regenerateCredentials(wish: Wish): Promise<Registered> {
    const clientId = generateClientId();
    const fresh = freshSecret(wish.origin.time);
    const application = await this.settle(wish, before => withNewCredentials(before, clientId, fresh));
    return { application, ...(application.secrets.length > 0 && { clientSecret: fresh.text }) };
  }

  /** Nothing happens where it stands so already. */
  async setStatus(wish: Wish, status: Application['status']): Promise<Application> {
    return this.settle(wish, before => ({ ...before, status }));
  }

  /** Asks the administrators for access level `all` (seed 001). @throws OAuthError invalid_request - it has that level */
  async requestLevel(wish: Wish, reason: string): Promise<Application> {
    return this.settle(wish, before => {
      if (before.access_level === 'all') throw new OAuthError('invalid_request', 'the application has access level all already');
      return { ...before, access_level_request: { reason, at: wish.origin.time, account_id: wish.caller.sub } };
    });
  }

  /** Ends every token and grant of the application. */
  async signOut(wish: Wish): Promise<Application> { return this.settle(wish, before => before, 'sign_out'); }

  private async settle({ clientId, caller, origin }: Wish, decide: (before: Application) => Application, act?: 'sign_out'): Promise<Application> {
    const { id } = await this.find(clientId, caller);
    return this.writer.change(id, before => {
      if (before.status === 'deleted' || before.client_id !== clientId) throw noSuch();
      const { after, events } = settleApplication(before, decide(before), origin, act);
      return { after, events, result: after };
    });
  }
}
