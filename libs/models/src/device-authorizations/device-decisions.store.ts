import { DEVICE_CODE } from '@strowger/oauth-core/application-rules';
import { DeviceAuthorizationFacts } from '@strowger/oauth-core/device-authorization';
import { OAuthError } from '@strowger/oauth-core/oauth-error';
import { Origin } from '@strowger/oauth-core/ports';
import { Standing } from '@strowger/oauth-core/standing';
import { mongo } from 'mongoose';
import { answeredConsentOf, consentEvent, putConsent } from '../consents/answered-consent';
import { ConsentDocument, CONSENTS } from '../consents/consents.schema';
import { Database } from '../database';
import { GrantDocument, GRANTS } from '../grants/grants.schema';
import { grantCreated, newGrant } from '../grants/new-grant';
import { recordGrant } from '../grants/record-grant';
import { ChangeRecorder } from '../outbox/change-recorder';
import { eventIdOf, makeEvent } from '../outbox/make-event';
import { deviceOf } from './device-authorizations.store';
import { DEVICE_AUTHORIZATIONS, DeviceAuthorizationDocument } from './device-authorizations.schema';

type DeviceEvent = 'device.approved' | 'device.denied';

/** What was allowed to a device. `requested`: of what; `consent`: as it was read before. */
export interface DeviceApproval { readonly standing: Standing; readonly requested: string; readonly scope: string; readonly consent: ConsentDocument | undefined }

/** What people decide about devices: the decision, the consent and the grant become durable in one transaction with their events. */
export class DeviceDecisions {
  /** `keyId`: of the key that refresh tokens are derived with now. */
  constructor(private readonly database: Database, private readonly changes: ChangeRecorder, private readonly keyId: string) {}

  /** One that nobody has decided and that is not over. */
  async pending(userCode: string): Promise<DeviceAuthorizationFacts | undefined> {
    const found = await this.collection().findOne({ user_code: userCode, status: 'pending', expires_at: { $gt: new Date() } });
    return found ? deviceOf(found) : undefined;
  }

  /** @throws OAuthError access_denied - decided already; temporarily_unavailable - the consent changed meanwhile, or nobody knows whether it happened */
  async approve(device: DeviceAuthorizationFacts, { standing, requested, scope, consent }: DeviceApproval, origin: Origin): Promise<void> {
    const { application, account } = standing, now = new Date(), by = { account_id: account.id, client_id: application.client_id };
    const grant = newGrant(standing, { grantType: DEVICE_CODE, scope, keyId: this.keyId }, now), answered = answeredConsentOf(standing, consent, requested, scope);
    await recordGrant(this.database, this.changes, grant._id, async session => {
      await this.decide(device, { status: 'approved', grant_id: grant._id }, session);
      await putConsent(this.database, answered, consent, session);
      await this.database.collection<GrantDocument>(GRANTS).insertOne(grant, { session });
      return [
        this.event('device.approved', device, standing, scope, origin), consentEvent(this.changes.source, 'consent.granted', CONSENTS, answered, origin, by),
        grantCreated(this.changes.source, grant, origin, by, now),
      ];
    });
  }

  /** @throws OAuthError access_denied - decided already */
  async deny(device: DeviceAuthorizationFacts, standing: Standing, origin: Origin): Promise<void> {
    await this.changes.record(async session => {
      await this.decide(device, { status: 'denied' }, session);
      return { result: undefined, events: [this.event('device.denied', device, standing, device.scope, origin)] };
    });
  }

  private async decide({ id, version }: DeviceAuthorizationFacts, decision: Pick<DeviceAuthorizationDocument, 'status' | 'grant_id'>, session: mongo.ClientSession): Promise<void> {
    const { modifiedCount } = await this.collection().updateOne({ _id: id, status: 'pending', version }, { $set: decision, $inc: { version: 1 } }, { session });
    if (modifiedCount === 0) throw new OAuthError('access_denied', 'this device was allowed or denied already');
  }

  private event(type: DeviceEvent, { id, tenant_id, version }: DeviceAuthorizationFacts, { application, account }: Standing, scope: string, origin: Origin) {
    return makeEvent<DeviceEvent>(this.changes.source, type, eventIdOf(DEVICE_AUTHORIZATIONS, id, version + 1, type), id, new Date(), {
      tenant_id, version: version + 1, by: { account_id: account.id, client_id: application.client_id }, ...origin, application_id: application.id, account_id: account.id, scope,
    });
  }

  private collection() { return this.database.collection<DeviceAuthorizationDocument>(DEVICE_AUTHORIZATIONS); }
}
