import { AnnouncedScope } from '@strowger/contracts/scope-announcement';
import { managementAccessLevel } from '@strowger/oauth-core/rights';

const get = (path: string) => ({ method: 'GET', path });

/** What this service's own management API opens, as it announces it. */
export const ownScopes: readonly AnnouncedScope[] = [{
  scope: 'strowger:audit:read', description: 'Query the trail of issued tokens and of everything else that was decided', access_level: managementAccessLevel('strowger:audit:read'),
  opens: [get('/api/audit/events'), get('/api/audit/events/{id}'), get('/api/audit/export'), get('/api/audit/summary'), get('/api/audit/status')],
}];
