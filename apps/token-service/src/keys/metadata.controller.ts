import { Controller, Get, Header } from '@nestjs/common';
import { PublicJwk, SigningKeys } from './signing-keys';
import { Metadata } from './metadata';

/** RFC 8414 and RFC 7517: what the server can do, and the keys its tokens are signed with. */
@Controller('.well-known')
export class MetadataController {
  constructor(private readonly metadata: Metadata, private readonly keys: SigningKeys) {}

  @Get('oauth-authorization-server') @Header('Cache-Control', 'public, max-age=300')
  server(): object { return this.metadata.document; }

  @Get('jwks.json') @Header('Cache-Control', 'public, max-age=60')
  jwks(): { readonly keys: readonly PublicJwk[] } {
    this.keys.signer();
    return this.keys.jwks();
  }
}
