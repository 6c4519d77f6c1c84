import { AnnouncedScope } from '@strowger/contracts/scope-announcement';

/** What this service's own management API opens, as it announces it. */
export const managementScopes: AnnouncedScope[] = [
  { scope: 'strowger:tokens:read', description: 'See live tokens, connected applications and impersonations', access_level: 'call_api', opens: [{ method: 'POST', path: '/oauth/introspect' }, { method: 'GET', path: '/oauth/tokens' }, { method: 'GET', path: '/oauth/consents' }, { method: 'GET', path: '/oauth/impersonations' }] },
  { scope: 'strowger:tokens:write', description: 'Revoke tokens and disconnect applications', access_level: 'call_api', opens: [{ method: 'DELETE', path: '/oauth/tokens/{id}' }, { method: 'DELETE', path: '/oauth/consents/{client_id}' }] },
];
