import { RequestMethod, Type } from '@nestjs/common';
import { METHOD_METADATA, PATH_METADATA } from '@nestjs/common/constants';
import { OPERATION, Operation } from './operation.decorator';

/** A route and what it was declared to be; `path` as `/api/rest/callforward/{extension}`. */
export interface DescribedRoute { readonly method: string; readonly path: string; readonly parameters: readonly string[]; readonly operation: Operation; readonly tag: string }

const meta = (key: string, of: object): unknown => Reflect.getMetadata(key, of);

/**
 * Every route of these controllers, as they declare it themselves.
 * @throws Error - a handler is no declared operation
 */
export function describedRoutes(controllers: readonly Type[]): DescribedRoute[] {
  return controllers.flatMap(controller => handlersOf(controller).flatMap(([name, value]) => {
    if (meta(METHOD_METADATA, value) === undefined) return [];
    const operation = meta(OPERATION, value);
    if (!isOperation(operation)) throw new Error(`${controller.name}.${name} does not say what it is`);
    const path = `/${[meta(PATH_METADATA, controller), meta(PATH_METADATA, value)].map(String).filter(part => part !== '/' && part !== '').join('/')}`.replaceAll(/:(\w+)/g, '{$1}');
    return [{
      method: RequestMethod[Number(meta(METHOD_METADATA, value))] ?? '', path, parameters: [...path.matchAll(/\{(\w+)\}/g)].map(([, parameter = '']) => parameter), operation,
      tag: operation.scope.split(':')[1] ?? '',
    }];
  }));
}

function handlersOf({ prototype }: { readonly prototype: object }): (readonly [name: string, handler: object])[] {
  return Object.getOwnPropertyNames(prototype).flatMap(name => {
    const value: unknown = Reflect.get(prototype, name);
    return typeof value === 'function' ? [[name, value] as const] : [];
  });
}

const isOperation = (value: unknown): value is Operation => typeof value === 'object' && value !== null && 'scope' in value;
