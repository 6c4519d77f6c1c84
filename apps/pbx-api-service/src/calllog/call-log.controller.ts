import { Readable } from 'node:stream';
import { Controller, Delete, Get, Param, Query, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Caller } from '@strowger/auth/caller.decorator';
import type { AuthenticatedCaller } from '@strowger/auth/token-introspector';
import { CallersReach } from '../reach/callers-reach';
import { PbxOperation } from '../rest/operation.decorator';
import { shown, shownPage } from '../shown';
import { CallLog } from './call-log';
import { callLogCsv } from './call-log.csv';
import { CallLogEntry, CallLogExportQuery, CallLogPage, CallLogQuery } from './call-log.shapes';

@Controller('api/rest')
export class CallLogController {
  constructor(private readonly log: CallLog, private readonly reach: CallersReach) {}

  @Get('calllog')
  @PbxOperation({ scope: 'rest:calllog:read', summary: 'The call log, newest first', query: CallLogQuery, answer: CallLogPage })
  async list(@Caller() caller: AuthenticatedCaller, @Query() query: unknown) {
    const wanted = CallLogQuery.parse(query);
    return shownPage(await this.log.page(await this.reach.of(caller), wanted), shown);
  }

  /** Streams all that the filters hold for. */
  @Get('calllog.csv')
  @PbxOperation({ scope: 'rest:calllog:read', summary: 'The call log as CSV; no cell of it is a formula', query: CallLogExportQuery, media: 'text/csv' })
  async export(@Caller() caller: AuthenticatedCaller, @Query() query: unknown, @Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const pages = this.log.pages(await this.reach.of(caller), CallLogExportQuery.parse(query));
    void reply.header('content-type', 'text/csv; charset=utf-8; header=present').header('x-content-type-options', 'nosniff').header('content-disposition', 'attachment; filename="calllog.csv"');
    await (request.method === 'HEAD' ? reply.send() : reply.send(Readable.from(callLogCsv(pages), { objectMode: false, highWaterMark: 1 })));
  }

  @Get('calllog/:call')
  @PbxOperation({ scope: 'rest:calllog:read', summary: 'One call', answer: CallLogEntry })
  async one(@Caller() caller: AuthenticatedCaller, @Param('call') id: string) { return shown(await this.log.one(await this.reach.of(caller), id)); }

  @Delete('calllog/:call')
  @PbxOperation({ scope: 'rest:calllog:write', summary: 'Delete a call from the log', administrators: true })
  async remove(@Caller() caller: AuthenticatedCaller, @Param('call') id: string): Promise<void> { await this.log.remove(await this.reach.of(caller), id); }
}
