import { applyDecorators, HttpCode, SetMetadata } from '@nestjs/common';
import type { z } from 'zod';
import { RequireScope } from '@strowger/auth/require-scope.decorator';
import { pbxScope } from '../scopes/pbx-scopes';

export const OPERATION = 'strowger:pbx-operation';

/** What a route of the REST API takes and answers: the schemas that judge what comes in, and that OpenAPI shows. */
export interface Operation {
  /** Of the catalogue: it also says which access level a write needs. */
  readonly scope: string;
  readonly summary: string;
  readonly query?: z.ZodObject;
  readonly body?: z.ZodObject;
  /** The JSON that is answered; without one 204. */
  readonly answer?: z.ZodType;
  /** Where another content type is answered. */
  readonly media?: string;
  /** 200 unless told otherwise, 204 without an answer. */
  readonly status?: 200 | 201 | 204;
  /** Administrators only, whatever the scope. */
  readonly administrators?: true;
  readonly deprecated?: true;
}

export const statusOf = ({ status, answer, media }: Operation): number => status ?? (answer === undefined && media === undefined ? 204 : 200);

/** Declares a handler of the REST API: guards it by its scope, with the access level that the catalogue names, and describes it. */
export function PbxOperation(operation: Operation): MethodDecorator {
  const { access_level } = pbxScope(operation.scope);
  return applyDecorators(RequireScope(operation.scope, { callApiWrite: access_level === 'call_api' }), HttpCode(statusOf(operation)), SetMetadata(OPERATION, operation));
}
