import 'reflect-metadata';
import { Controller, Get, HttpCode, Module, Param, Put } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { Caller, RequireScope, StrowgerModule, type AuthenticatedCaller } from '@strowger/auth/nest';

@Controller('callforward')
class CallForwardController {
  @Get(':extension') @RequireScope('rest:callforward:read')
  read(@Param('extension') extension: string, @Caller() caller: AuthenticatedCaller): object { return { extension, asked_by: caller.claims.sub }; }

  @Put(':extension') @RequireScope('rest:callforward:write') @HttpCode(204)
  change(): undefined { return undefined; }
}

@Module({ imports: [StrowgerModule.forRoot()], controllers: [CallForwardController] })
class ExampleModule {}

async function start(): Promise<void> {
  const app = await NestFactory.create(ExampleModule, new FastifyAdapter(), { logger: false });
  await app.listen(Number(process.argv[2]), '127.0.0.1');
}
void start();
