import 'reflect-metadata';
import { Reflector } from '@nestjs/core';
import { ExecutionContextHost } from '@nestjs/core/helpers/execution-context-host';
import { BearerGuard } from './bearer.guard';
import { CountingIssuer } from './offline-guard.fixture';
import { RequireScope } from './require-scope.decorator';

@RequireScope('rest:calllog:read')
class Handlers { readonly read = (): boolean => true; }

const passes = (kind: string): Promise<boolean> => {
  const context = new ExecutionContextHost([{}, {}], Handlers, new Handlers().read);
  context.setType(kind);
  return new BearerGuard(new CountingIssuer(), undefined, new Reflector()).canActivate(context);
};

it.each(['graphql', 'ws', 'whatever comes'])('is closed for a handler of kind %s: it knows no token of its', async kind => { await expect(passes(kind)).rejects.toThrow(`Handlers.read is of kind ${kind}`); });
it('leaves messages of a bus to the permissions of that', async () => { expect(await passes('rpc')).toBe(true); });
