import { BegunDevice, DeviceAuthorizationsStore } from '@strowger/models/device-authorizations/device-authorizations.store';
import { DEVICE_CODE, mayUseGrant } from '@strowger/oauth-core/application-rules';
import { shownUserCode } from '@strowger/oauth-core/device-authorization';
import { TokenRequest } from '@strowger/oauth-core/grants/grant';
import { grantedScope } from '@strowger/oauth-core/grants/granted-scope';
import { OAuthError } from '@strowger/oauth-core/oauth-error';
import { Facts } from '@strowger/oauth-core/ports';
import { BeginningsLimit } from '../authorize/beginnings-limit';

/** RFC 8628 §3.2; `expires_in` and `interval` are seconds. */
export interface DeviceAuthorizationAnswer extends BegunDevice { readonly verification_uri: string; readonly verification_uri_complete: string }

/** Begins a device authorization: a code for the device to poll with, and one for a person to enter. */
export class BeginDeviceAuthorization {
  constructor(private readonly facts: Facts, private readonly devices: DeviceAuthorizationsStore, private readonly limit: BeginningsLimit, private readonly issuer: string) {}

  /**
   * @throws OAuthError unauthorized_client - disabled, or not this application type's to use
   * @throws OAuthError invalid_scope - as every grant; rate_limit_exceeded
   */
  async run(request: TokenRequest): Promise<DeviceAuthorizationAnswer> {
    const { client, at, origin } = request, tenant = await this.facts.tenant(client.tenant_id);
    if (client.status !== 'active') throw new OAuthError('unauthorized_client', 'the application is disabled; its owner or an administrator can enable it');
    const allowed = mayUseGrant(client, tenant, DEVICE_CODE, at);
    if (!tenant || !allowed.allowed) throw new OAuthError('unauthorized_client', allowed.allowed ? 'the application belongs to no tenant' : allowed.description);
    const scope = await grantedScope(this.facts, request);
    await this.limit.count('device_authorization', origin);
    const begun = await this.devices.begin(client, tenant, scope, origin), user_code = shownUserCode(begun.user_code), page = `${this.issuer}/device`;
    return { ...begun, user_code, verification_uri: page, verification_uri_complete: `${page}?user_code=${user_code}` };
  }
}
