import { Controller, Get } from '@nestjs/common';

/** `GET /`: where to begin, as paths of this origin. */
@Controller()
export class IndexPageController {
  @Get()
  index() {
    return {
      name: 'Strowger: OAuth 2.0 authorization for PBX APIs',
      authorization_server_metadata: '/.well-known/oauth-authorization-server', jwks: '/.well-known/jwks.json',
      authorization: '/oauth/authorize', device_authorization: '/oauth/device_authorization', device: '/device', token: '/oauth/token', introspection: '/oauth/introspect', resource: '/oauth/resource',
      api_urls: '/api/urls', applications: '/api/applications', accounts: '/api/accounts', tenant: '/api/tenant', scopes: '/api/scopes', audit_events: '/api/audit/events',
      pbx_openapi: '/api/rest/openapi.json', pbx_graphql: '/api/gql',
    };
  }
}
