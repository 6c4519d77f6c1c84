import { DEVICE_CODE } from '@strowger/oauth-core/application-rules';

/** Authorization server metadata (RFC 8414 §2): only what really works is advertised. */
export class Metadata {
  /** The document as text, made once. */
  readonly json: string;

  constructor(issuer: string, grantTypes: readonly string[], responseTypes: readonly string[]) {
    this.json = JSON.stringify({
      issuer,
      authorization_endpoint: `${issuer}/oauth/authorize`,
      token_endpoint: `${issuer}/oauth/token`,
      ...(grantTypes.includes(DEVICE_CODE) && { device_authorization_endpoint: `${issuer}/oauth/device_authorization` }),
      introspection_endpoint: `${issuer}/oauth/introspect`,
      revocation_endpoint: `${issuer}/oauth/revoke`,
      jwks_uri: `${issuer}/.well-known/jwks.json`,
      grant_types_supported: responseTypes.includes('token') ? [...grantTypes, 'implicit'] : grantTypes,
      response_types_supported: responseTypes,
      response_modes_supported: ['query', 'fragment'],
      code_challenge_methods_supported: ['S256'],
      authorization_response_iss_parameter_supported: true,
      token_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post', 'none'],
      introspection_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post'],
      revocation_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post', 'none'],
    });
  }
}
