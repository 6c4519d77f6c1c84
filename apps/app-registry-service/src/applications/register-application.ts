import { generateClientId } from '@strowger/credentials/client-secret';
import { Application } from '@strowger/models/applications/applications.reader';
import { ApplicationsWriter } from '@strowger/models/applications/applications.writer';
import { ScopesReader } from '@strowger/models/scopes/scopes.reader';
import { AccessTokenClaims } from '@strowger/oauth-core/facts';
import { KnownScopes, registeredScope } from '@strowger/oauth-core/scope';
import { Origin } from '../change-log';
import { newId } from '../new-id';
import { registered } from './application.events';
import { Registration } from './application.request';
import { freshSecret } from './application-secrets';
import { assertMaySet } from './may-set';

/** A registered application, and its secret, which nobody sees again; a public client has none. */
export interface Registered { readonly application: Application; readonly clientSecret?: string }

/** Registers an application; its owner is who asks. */
export class RegisterApplication {
  constructor(private readonly applications: ApplicationsWriter, private readonly scopes: ScopesReader) {}

  /**
   * @throws OAuthError invalid_scope - see `registeredScope`
   * @throws OAuthError access_denied - the password grant and access level `all` are an administrator's to set (seed 001)
   */
  async run(wanted: Registration, caller: AccessTokenClaims, origin: Origin): Promise<Registered> {
    assertMaySet(wanted, caller);
    const scope = registeredScope(wanted.scope, new KnownScopes(await this.scopes.grantable()));
    const made = newApplication({ ...wanted, scope }, { tenantId: caller.tenant_id, owner: caller.sub }, origin.time);
    await this.applications.register(made.application, registered(made.application, origin));
    return made;
  }
}

/** An application that is not stored yet; `scope` is the registered one. */
export function newApplication({ secret, ...wanted }: Registration, { tenantId, owner }: { tenantId: string; owner: string }, now: Date): Registered {
  const fresh = secret ? freshSecret(now) : undefined;
  return {
    application: {
      ...wanted, id: newId(now), tenant_id: tenantId, owner, client_id: generateClientId(), secrets: fresh ? [fresh.kept] : [], previous_client_ids: [],
      status: 'active', version: 1, rights_version: 1, sign_out_version: 1, created_at: now,
      ...(wanted.redirect_uris.length > 0 && { redirect_uris_at: now }),
    },
    ...(fresh && { clientSecret: fresh.text }),
  };
}
