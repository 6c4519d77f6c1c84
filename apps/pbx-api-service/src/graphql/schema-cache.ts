import type { GraphQLSchema } from 'graphql';

/** Schemas that were cut, the latest used of them: bounded, whatever scope sets come. */
export class SchemaCache {
  private readonly schemas = new Map<string, GraphQLSchema>();

  constructor(private readonly most: number, private readonly make: (may: (scope: string) => boolean) => GraphQLSchema) {}

  get size(): number { return this.schemas.size; }

  of({ key, has }: { readonly key: string; readonly has: (scope: string) => boolean }): GraphQLSchema {
    const found = this.schemas.get(key) ?? this.make(has);
    this.schemas.delete(key);
    this.schemas.set(key, found);
    const [oldest] = this.schemas.keys();
    if (this.schemas.size > this.most && oldest !== undefined) this.schemas.delete(oldest);
    return found;
  }
}
