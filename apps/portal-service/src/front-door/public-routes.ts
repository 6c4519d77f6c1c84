import type { PortalServiceConfig } from '../portal-service.config';

/** A service behind the front door and the paths that are its. */
export interface PublicRoutes { readonly upstream: string; readonly paths: readonly string[] }

const under = (path: string): string[] => [path, `${path}/*`];

/** Which public path is whose. What is not here does not exist outside: health and metrics of the services least of all. */
export const publicRoutes = (config: PortalServiceConfig): readonly PublicRoutes[] => [
  { upstream: config.TOKEN_SERVICE_URL, paths: ['/oauth/*', '/token', '/token-exchange', '/user', '/login', '/logout', '/device', '/.well-known/*'] },
  { upstream: config.APP_REGISTRY_SERVICE_URL, paths: [...under('/api/applications'), ...under('/api/accounts'), ...under('/api/tenant'), '/api/urls'] },
  { upstream: config.SCOPE_SERVICE_URL, paths: under('/api/scopes') },
  { upstream: config.AUDIT_SERVICE_URL, paths: under('/api/audit') },
  { upstream: config.PBX_API_SERVICE_URL, paths: ['/api/rest/*', '/api/local/*', ...under('/api/gql')] },
];

const plainPath = /^(?:\/(?!\.{1,2}(?:\/|$))(?:[A-Za-z0-9._~!$&'()*+,=:@-]|%3[Aa]|%40)+)+\/?$|^\/$/;

/**
 * Whether the target of a request names its path in the one form in which every router reads it alike: from its root, no empty and no dot
 * segment, nothing encoded but `:` and `@`. Of any other form (`//`, `/%61pi`, `%2e`, `%2f`, `\`, `;`) two routers could make two paths.
 */
export const isPlainTarget = (target: string): boolean => plainPath.test(target.split('?', 1)[0] ?? '');
