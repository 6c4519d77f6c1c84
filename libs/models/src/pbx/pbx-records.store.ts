import { mongo } from 'mongoose';
import { Database } from '../database';
import { PbxCollections } from './pbx.schema';

const DUPLICATE_KEY = 11000;
const RACES = 10;
const IN_ONE = 500;
/** What an id may be made of; whatever else somebody asks for is not there. */
const ID = /^[A-Za-z0-9._-]{1,64}$/;

/** What is looked for in a collection: all of it must hold. `from` (included) and `before` bound the id, `text` stands somewhere in one of its fields, whatever the case. */
export interface PbxWanted<D> {
  readonly equal?: Readonly<Partial<Record<keyof D & string, string | boolean | undefined>>>;
  /** The field, or one of its elements, is one of these; of none it is nothing at all. */
  readonly oneOf?: Readonly<Partial<Record<keyof D & string, readonly string[] | undefined>>>;
  readonly ids?: readonly string[] | undefined;
  readonly from?: string | undefined;
  readonly before?: string | undefined;
  readonly text?: { readonly fields: readonly (keyof D & string)[]; readonly value: string } | undefined;
}
/** A part of a list; `next` is the id after which the rest begins. */
export interface PbxPage<D> { readonly items: readonly D[]; readonly next?: string }
/** Others changed the same thing again and again: nothing was written. */
export class NotDurable extends Error { override readonly name = 'NotDurable'; }

/** The id that a document has within its tenant. */
export const idOf = ({ _id, tenant_id }: { readonly _id: string; readonly tenant_id: string }): string => _id.slice(tenant_id.length + 1);
const keyOf = (tenantId: string, id: string): string => `${tenantId}/${id}`;
const literally = (text: string): RegExp => new RegExp(text.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&'), 'i');

/** One of the PBX's collections, of which nothing is ever read or written but within one tenant. */
export class PbxRecords<N extends keyof PbxCollections, D extends PbxCollections[N] = PbxCollections[N]> {
  /** `order`: of the lists, by id. */
  constructor(private readonly database: Database, private readonly name: N, private readonly order: 'ascending' | 'descending') {}

  async find(tenantId: string, id: string): Promise<D | undefined> { return (await this.findMany(tenantId, [id]))[0]; }

  /** Those of `ids` that there are, in any order. */
  async findMany(tenantId: string, ids: readonly string[]): Promise<D[]> {
    const possible = ids.filter(id => ID.test(id));
    return possible.length === 0 ? [] : this.plain(await this.collection().find({ _id: { $in: possible.map(id => keyOf(tenantId, id)) }, tenant_id: tenantId }).toArray());
  }

  /** At most `limit` of what is wanted, after the id `after`. */
  async page(tenantId: string, wanted: PbxWanted<D>, { limit, after }: { readonly limit: number; readonly after?: string | undefined }): Promise<PbxPage<D>> {
    const found = this.plain(await this.collection().find(this.filterOf(tenantId, wanted, after)).sort({ _id: this.order === 'ascending' ? 1 : -1 }).limit(limit + 1).toArray());
    const items = found.slice(0, limit), last = items.at(-1);
    return found.length > limit && last ? { items, next: idOf(last) } : { items };
  }

  /** All that is wanted, in pages. */
  async *pages(tenantId: string, wanted: PbxWanted<D>): AsyncGenerator<readonly D[], void> {
    for (let after: string | undefined; ;) {
      const { items, next }: PbxPage<D> = await this.page(tenantId, wanted, { limit: IN_ONE, after });
      if (items.length > 0) yield items;
      if (next === undefined) return;
      after = next;
    }
  }

  count(tenantId: string, wanted: PbxWanted<D>): Promise<number> { return this.collection().countDocuments(this.filterOf(tenantId, wanted, undefined)); }

  /** Stores a new one. False: something has its id already, and is left as it is. */
  async insert(tenantId: string, id: string, fields: Omit<D, '_id' | 'tenant_id' | 'version'>): Promise<boolean> {
    try {
      await this.collection().insertOne(this.documentOf(tenantId, id, fields));
      return true;
    } catch (error) {
      if (error instanceof mongo.MongoServerError && error.code === DUPLICATE_KEY) return false;
      throw error;
    }
  }

  /** Stores many new ones. @throws a duplicate among their ids */
  async insertAll(tenantId: string, all: readonly (readonly [id: string, fields: Omit<D, '_id' | 'tenant_id' | 'version'>])[]): Promise<void> {
    for (let first = 0; first < all.length; first += IN_ONE) {
      await this.collection().insertMany(all.slice(first, first + IN_ONE).map(([id, fields]) => this.documentOf(tenantId, id, fields)), { ordered: false });
    }
  }

  /**
   * Changes one by compare-and-set on `version`. `decide` sees it as it stands, may run more than once, and gives how it is to stand; itself for no change.
   * @returns how it stands then; undefined where there is none
   * @throws whatever `decide` throws, with nothing changed @throws NotDurable - others were faster ten times
   */
  async change(tenantId: string, id: string, decide: (before: D) => D): Promise<D | undefined> {
    for (let race = 0; race < RACES; race++) {
      const before = await this.find(tenantId, id);
      if (!before) return undefined;
      const decided = decide(before);
      if (decided === before) return before;
      const after = { ...decided, _id: before._id, tenant_id: before.tenant_id, version: before.version + 1 };
      const { matchedCount } = await this.collection().replaceOne(sameAs(before), after);
      if (matchedCount === 1) return after;
    }
    throw new NotDurable('somebody else was changing the same thing; try again');
  }

  /** Takes one away, as it was read. False: it has changed or is gone. */
  async remove(before: D): Promise<boolean> { return (await this.collection().deleteOne(sameAs(before))).deletedCount === 1; }

  /** Takes away all that a tenant has. */
  async clear(tenantId: string): Promise<void> { await this.collection().deleteMany({ tenant_id: tenantId }); }

  private filterOf(tenantId: string, { equal, oneOf, ids, from, before, text }: PbxWanted<D>, after: string | undefined): mongo.Filter<Stored> {
    const ahead = this.order === 'ascending' ? '$gt' : '$lt', bound = (key: '$gt' | '$gte' | '$lt', id: string) => ({ _id: { [key]: keyOf(tenantId, id) } });
    const words = text && literally(text.value);
    return {
      tenant_id: tenantId,
      ...Object.fromEntries(Object.entries(equal ?? {}).filter(([, value]) => value !== undefined)),
      $and: [
        // '0' follows '/': the tenant's ids, and no other's, whatever stands in them.
        { _id: { $gt: `${tenantId}/`, $lt: `${tenantId}0` } },
        ...Object.entries<readonly string[] | undefined>(oneOf ?? {}).flatMap(([field, values]) => (values === undefined ? [] : [{ [field]: { $in: [...values] } }])),
        ...(ids === undefined ? [] : [{ _id: { $in: ids.filter(id => ID.test(id)).map(id => keyOf(tenantId, id)) } }]),
        ...(after === undefined ? [] : [bound(ahead, after)]), ...(from === undefined ? [] : [bound('$gte', from)]), ...(before === undefined ? [] : [bound('$lt', before)]),
        ...(words === undefined ? [] : [{ $or: (text?.fields ?? []).map(field => ({ [field]: words })) }]),
      ],
    };
  }

  private documentOf(tenantId: string, id: string, fields: object) { return { ...fields, _id: keyOf(tenantId, id), tenant_id: tenantId, version: 1 }; }
  private plain(found: readonly unknown[]): D[] { return found as D[]; }
  private collection() { return this.database.collection<Stored>(this.name); }
}

type Stored = mongo.Document & { _id: string };
const sameAs = ({ _id, tenant_id, version }: { readonly _id: string; readonly tenant_id: string; readonly version: number }) => ({ _id, tenant_id, version });
