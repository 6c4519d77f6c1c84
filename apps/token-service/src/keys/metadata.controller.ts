import { Controller, Get, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { Metadata } from './metadata';
import { SigningKeys } from './signing-keys';

const JSON_TYPE = 'application/json; charset=utf-8';

/** RFC 8414 and RFC 7517: what the server can do, and the keys its tokens are signed with. */
@Controller('.well-known')
export class MetadataController {
  constructor(private readonly metadata: Metadata, private readonly keys: SigningKeys) {}

  @Get('oauth-authorization-server')
  server(@Res() reply: FastifyReply): void { reply.header('cache-control', 'public, max-age=300').header('content-type', JSON_TYPE).send(this.metadata.json); }

  @Get('jwks.json')
  jwks(@Res() reply: FastifyReply): void { reply.header('cache-control', 'public, max-age=60').header('content-type', JSON_TYPE).send(this.keys.jwks()); }
}
