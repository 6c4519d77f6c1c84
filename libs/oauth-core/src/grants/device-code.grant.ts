import { DEVICE_CODE } from '../application-rules';
import { DeviceAuthorizationFacts, judgeDeviceAnswer } from '../device-authorization';
import { ApplicationFacts } from '../facts';
import { OAuthError } from '../oauth-error';
import { DeviceAuthorizationAt, DeviceAuthorizations, Facts, Grants } from '../ports';
import { standingOf } from '../read-standing';
import { RefreshKeys } from '../refresh-token';
import { narrowedScope } from '../scope';
import { isActive, signOutVersionsOf } from '../standing';
import { Decision, Grant, TokenRequest } from './grant';
import { isSignedOut } from './refresh-token.grant';

const REPLAY = 'device_code_replay';

/**
 * Device code grant (RFC 8628 §3.4): a device asks again and again until a person has decided. One poll an interval is let
 * through, by one compare-and-set, so of many at once one is answered; an answer that was lost is given again within
 * `graceSeconds`, as long as nothing was refreshed with it. Everything that may refuse is checked before the code is used up.
 * @throws OAuthError invalid_request - device_code is missing
 * @throws OAuthError authorization_pending, slow_down, expired_token - RFC 8628 §3.5; expired_token also after a sign-out
 * @throws OAuthError authorization_denied - the person said no
 * @throws OAuthError invalid_grant - unknown, another client's, or used before (which revokes what it gave)
 * @throws OAuthError invalid_scope - the application has nothing of it any more
 */
export const deviceCodeGrant = (facts: Facts, devices: DeviceAuthorizations, grants: Grants, keys: RefreshKeys, graceSeconds: number): Grant => ({
  type: DEVICE_CODE,
  async decide(request) {
    const { client, params } = request, code = params.get('device_code');
    if (code === undefined) throw new OAuthError('invalid_request', 'device_code is missing');
    const read = await devices.read(code);
    if (read?.device.application_id !== client.id) throw new OAuthError('invalid_grant', 'the device_code is unknown, or was issued to another client');
    const { device, now } = read;
    if (device.status === 'denied') throw new OAuthError('authorization_denied', 'the person denied the request');
    if (isOver(device, now, graceSeconds) || await isDead(facts, device, client)) throw expired();
    if (!(await devices.poll(device))) {
      await devices.slowDown(device);
      throw new OAuthError('slow_down', 'polled too early; wait 5 seconds longer between polls from now on');
    }
    if (device.status === 'pending') throw new OAuthError('authorization_pending', 'nobody has entered and decided the user_code yet; poll again after the interval');
    return answered(request, { device, now }, { facts, devices, grants, keys, graceSeconds });
  },
});

interface Parts { readonly facts: Facts; readonly devices: DeviceAuthorizations; readonly grants: Grants; readonly keys: RefreshKeys; readonly graceSeconds: number }

/** A code that somebody approved is answered: for the first time, or because the answer was lost. */
async function answered({ client, origin }: TokenRequest, { device, now }: DeviceAuthorizationAt, { facts, devices, grants, keys, graceSeconds }: Parts): Promise<Decision> {
  const read = device.grant_id === undefined ? undefined : await grants.read(device.grant_id);
  if (read?.grant.status !== 'active') throw expired();
  const { grant } = read, judged = judgeDeviceAnswer(device, grant.generation > 0, now, graceSeconds);
  if (judged === 'replayed') {
    await grants.revoke(grant, REPLAY, { client_id: client.client_id }, origin);
    throw new OAuthError('invalid_grant', 'the device_code was used before; all tokens of this authorization are revoked now, so begin again');
  }
  const standing = await standingOf(facts, client, await facts.account(grant.account_id));
  if (!standing || !isActive(standing) || isSignedOut(grant.sign_out_versions, signOutVersionsOf(standing))) throw expired();
  const scope = narrowedScope(grant.scope, client.scope);
  if (scope === '') throw new OAuthError('invalid_scope', 'nothing of the granted scope is registered for the application any more');
  if (!(await grants.consented(grant))) throw expired();
  if (judged === 'first') await devices.use(device);
  return { standing, scope, grant_id: grant.id, refresh_token: keys.tokenOf(grant, grant.generation) };
}

const expired = (): OAuthError => new OAuthError('expired_token', 'this device authorization is over: it took too long, or somebody was signed out meanwhile; begin again');

/** What was approved at the last moment may still be fetched. What was answered is over in another way: a use of it is a replay, however late. */
const isOver = ({ status, used_at, expires_at }: DeviceAuthorizationFacts, now: Date, graceSeconds: number): boolean =>
  !used_at && now.getTime() >= expires_at.getTime() + (status === 'approved' ? graceSeconds * 1000 : 0);

/** Whether application or tenant were signed out since it began. */
async function isDead(facts: Facts, { sign_out_versions: began, tenant_id }: DeviceAuthorizationFacts, client: ApplicationFacts): Promise<boolean> {
  const tenant = await facts.tenant(tenant_id);
  return !tenant || tenant.sign_out_version > began.tenant || client.sign_out_version > began.application;
}
