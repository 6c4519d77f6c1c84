import { AnnouncedScope } from '@strowger/contracts/scope-announcement';
import { managementAccessLevel } from '@strowger/oauth-core/rights';

const scope = (name: string, description: string, opens: AnnouncedScope['opens']): AnnouncedScope => ({ scope: name, description, access_level: managementAccessLevel(name), opens });
const route = (method: string, path: string): AnnouncedScope['opens'][number] => ({ method, path });

const APPLICATION = '/api/applications/{client_id}', ACCOUNT = '/api/accounts/{id}';

/** What this service's API opens, as it announces it. */
export const managementScopes: readonly AnnouncedScope[] = [
  scope('strowger:applications:read', 'See registered applications', [route('GET', '/api/applications'), route('GET', APPLICATION), route('GET', `${APPLICATION}/reach`), route('GET', '/api/urls')]),
  scope('strowger:applications:write', 'Register, change and delete applications and their secrets', [
    route('POST', '/api/applications'), route('PATCH', APPLICATION), route('DELETE', APPLICATION), route('POST', `${APPLICATION}/secrets`),
    route('DELETE', `${APPLICATION}/secrets/{secret_id}`),
    ...['regenerate-credentials', 'disable', 'enable', 'access-level-request', 'sign-out'].map(act => route('POST', `${APPLICATION}/${act}`)),
  ]),
  scope('strowger:accounts:read', 'See users and API accesses', [route('GET', '/api/accounts'), route('GET', ACCOUNT)]),
  scope('strowger:accounts:write', 'Create, change, block and delete users and API accesses', [
    route('POST', '/api/accounts'), route('PATCH', ACCOUNT), route('DELETE', ACCOUNT), route('POST', `${ACCOUNT}/sign-out`),
  ]),
  scope('strowger:tenant:read', 'See the settings of the PBX', [route('GET', '/api/tenant')]),
  scope('strowger:tenant:write', 'Change the settings of the PBX and sign everybody out', [route('PATCH', '/api/tenant'), route('PUT', '/api/tenant/logo'), route('POST', '/api/tenant/sign-out')]),
];
