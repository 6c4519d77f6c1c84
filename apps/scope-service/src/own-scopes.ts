import { ScopeAnnouncement } from '@strowger/contracts/scope-announcement';
import { managementAccessLevel } from '@strowger/oauth-core/rights';

const get = (path: string) => ({ method: 'GET', path });

/** The scopes of this service's own API, as it announces them to itself. */
export const ownScopes: ScopeAnnouncement = ScopeAnnouncement.parse({
  scopes: [
    {
      scope: 'strowger:scopes:read', description: 'See the catalogue of scopes', access_level: managementAccessLevel('strowger:scopes:read'),
      opens: [get('/api/scopes'), get('/api/scopes/tree'), get('/api/scopes/resolve'), get('/api/scopes/{scope}/reach'), get('/api/scopes/{scope}/history')],
    },
    { scope: 'strowger:scopes:write', description: 'Change the catalogue of scopes', access_level: managementAccessLevel('strowger:scopes:write'), opens: [] },
  ],
});
