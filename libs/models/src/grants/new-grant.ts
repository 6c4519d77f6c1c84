import { randomBytes } from 'node:crypto';
import { StrowgerEvent } from '@strowger/contracts/event-catalogue';
import { Origin } from '@strowger/oauth-core/ports';
import { signOutVersionsOf, Standing } from '@strowger/oauth-core/standing';
import { EventSource, eventIdOf, makeEvent } from '../outbox/make-event';
import { GrantDocument, GRANTS } from './grants.schema';

/** A grant that begins now, active, without a code. `keyId`: of the key that codes and refresh tokens are derived with. */
export const newGrant = (standing: Standing, { grantType, scope, keyId }: { readonly grantType: string; readonly scope: string; readonly keyId: string }, now: Date): GrantDocument => ({
  _id: randomBytes(16).toString('base64url'), tenant_id: standing.tenant.id, version: 1, application_id: standing.application.id, account_id: standing.account.id, grant_type: grantType,
  scope, key_id: keyId, nonce: randomBytes(16), sign_out_versions: signOutVersionsOf(standing), status: 'active', generation: 0,
  created_at: now, expires_at: new Date(now.getTime() + standing.tenant.refresh_token_ttl_seconds * 1000),
});

/** That it was created, for its event. */
export const grantCreated = (source: EventSource, grant: GrantDocument, origin: Origin, by: { account_id: string; client_id: string }, now: Date): StrowgerEvent<'grant.created'> =>
  makeEvent(source, 'grant.created', eventIdOf(GRANTS, grant._id, 1, 'grant.created'), grant._id, now, {
    tenant_id: grant.tenant_id, version: 1, by, ...origin, grant_id: grant._id, application_id: grant.application_id, account_id: grant.account_id, scope: grant.scope,
  });
