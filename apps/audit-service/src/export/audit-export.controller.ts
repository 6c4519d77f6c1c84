import { Readable } from 'node:stream';
import { Controller, Get, Query, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Caller } from '@strowger/auth/caller.decorator';
import { RequireScope } from '@strowger/auth/require-scope.decorator';
import type { AuthenticatedCaller } from '@strowger/auth/token-introspector';
import { ExportFormat, parseAuditExport } from './audit-export.query';
import { ExportTrail } from './export-trail';

const contentTypes: Readonly<Record<ExportFormat, string>> = { ndjson: 'application/x-ndjson; charset=utf-8', csv: 'text/csv; charset=utf-8; header=present' };
const stamp = (now: Date): string => now.toISOString().replace(/[-:]|\.\d+/g, '');

/** The trail of the caller's own tenant as a file, for auditors and administrators. */
@Controller('api/audit/export')
@RequireScope('strowger:audit:read')
export class AuditExportController {
  constructor(private readonly exports: ExportTrail) {}

  /**
   * Streams the events that the filters hold for, newest first: an event a line, as `GET /api/audit/events` answers it, or as CSV (RFC 4180).
   * The export is an event of the trail itself, `audit.exported`.
   * @throws OAuthError invalid_request - see `parseAuditExport`
   * @throws ApiError rate_limit_exceeded - see `ExportTrail.begin`
   */
  @Get()
  async export(@Caller() { claims }: AuthenticatedCaller, @Query() query: unknown, @Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const wanted = parseAuditExport(query);
    void reply.header('content-type', contentTypes[wanted.format]).header('x-content-type-options', 'nosniff')
      .header('content-disposition', `attachment; filename="strowger-audit-${stamp(new Date())}.${wanted.format}"`);
    if (request.method === 'HEAD') { await reply.send(); return; }
    const agent = request.headers['user-agent'];
    const pages = await this.exports.begin(wanted, { claims, request_id: request.id, ip: request.ip, ...(agent !== undefined && { user_agent: agent }) });
    await reply.send(Readable.from(pages, { objectMode: false, highWaterMark: 1 }));
  }
}
