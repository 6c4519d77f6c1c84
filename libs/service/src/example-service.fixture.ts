import 'reflect-metadata';
import { ArgumentsHost, Body, Catch, Controller, ExceptionFilter, Get, HttpException, Logger, Module, Param, Post, Req } from '@nestjs/common';
import { APP_FILTER } from '@nestjs/core';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { acceptForms } from './body-parsers';
import { requestId } from './request-context';
import { ServiceOptions } from './start-service';
import { ServiceConfig } from './service.config';

/** Answers everything in one shape, so that tests see that it was this filter. */
@Catch()
class ExampleFilter implements ExceptionFilter {
  catch(error: unknown, host: ArgumentsHost): void {
    const status = error instanceof HttpException ? error.getStatus() : 500;
    void host.switchToHttp().getResponse<FastifyReply>().code(status).send({ filtered: error instanceof HttpException ? error.message : 'server_error', request_id: requestId() });
  }
}

@Controller()
class ExampleController {
  private readonly log = new Logger('example');
  @Get('hello/:name') hello(@Param('name') name: string, @Req() request: FastifyRequest): unknown { return { name, ip: request.ip, id: request.id }; }
  @Post('form') form(@Body() body: unknown): unknown {
    this.log.log('a form came');
    return { body, request_id: requestId() };
  }
  @Get('broken') broken(): never { throw new Error('canary-message'); }
  @Get('busy/:ms') busy(@Param('ms') ms: string): unknown {
    for (const end = performance.now() + Number(ms); performance.now() < end;);
    return { busy: true };
  }
  @Get('slow/:ms') async slow(@Param('ms') ms: string): Promise<unknown> {
    process.stdout.write('slow request accepted\n');
    await new Promise(resolve => setTimeout(resolve, Number(ms)));
    return { slow: true };
  }
}

@Module({ controllers: [ExampleController], providers: [{ provide: APP_FILTER, useClass: ExampleFilter }] })
class ExampleModule {}

/** A small service that the tests of this library start, in their own process and as one. */
export const exampleService = (config: ServiceConfig): ServiceOptions => ({
  name: 'example-service', module: ExampleModule, config,
  bodies: fastify => { acceptForms(fastify, text => [...new URLSearchParams(text)]); },
  readiness: () => [{ name: 'a part', check: () => true }],
  drain: () => ['first', 'second'].map(name => ({ name, run: () => { process.stdout.write(`drained ${name}\n`); return Promise.resolve(); } })),
});
