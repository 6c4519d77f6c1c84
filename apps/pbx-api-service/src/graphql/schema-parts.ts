import { z } from 'zod';
import { PbxContext } from './pbx-context';

/** What a field gives: an object type by its name, such as `Call`, a page of them, a list of so many at most, or (of a removal) true. */
export type FieldType = { readonly object: string; readonly nullable?: true } | { readonly pageOf: string } | { readonly listOf: string; readonly atMost: number } | 'boolean' | 'strings';

/** A field of the API. Without its scope a token does not find it anywhere. */
export interface PbxField {
  /** Absent for what every token may ask. */
  readonly scope?: string;
  readonly description: string;
  readonly type: FieldType;
  readonly args?: z.ZodObject;
  readonly resolve: (source: unknown, args: unknown, context: PbxContext) => unknown;
}
export type PbxFields = Readonly<Record<string, PbxField>>;
type Said = Pick<PbxField, 'scope' | 'description' | 'type'>;

/** A field of Query or Mutation; its arguments are judged by the same schema as the REST API's. */
export const root = <A extends z.ZodObject>(said: Said, args: A, resolve: (context: PbxContext, args: z.infer<A>) => unknown): PbxField =>
  ({ ...said, args, resolve: (_source, given, context) => resolve(context, args.parse(given)) });

/** A field that leads from an object to something of another module. `keys` is what of the object it needs. */
export const edge = <K extends z.ZodType>(said: Said, keys: K, resolve: (context: PbxContext, source: z.infer<K>) => unknown): PbxField =>
  ({ ...said, resolve: (source, _args, context) => resolve(context, keys.parse(source)) });
