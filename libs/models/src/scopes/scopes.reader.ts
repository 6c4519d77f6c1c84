import { Database } from '../database';
import { SCOPES, ScopeDocument } from './scopes.schema';

/** Which part of the catalogue is asked for: in order of scope, after the scope `after`, at most `limit`; `text` stands somewhere in scope or description, whatever the case. */
export interface ScopeQuery {
  readonly api_type?: string | undefined;
  readonly module?: string | undefined;
  readonly text?: string | undefined;
  readonly after?: string | undefined;
  readonly limit: number;
}

const literally = (text: string): RegExp => new RegExp(text.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&'), 'i');

/** Reads the scope catalogue, for every service. */
export class ScopesReader {
  constructor(private readonly database: Database) {}

  /** The leaf scopes that can be granted: active and deprecated ones. */
  async grantable(): Promise<string[]> {
    const found = await this.scopes().find({ status: { $ne: 'withdrawn' } }, { projection: { _id: 1 } }).toArray();
    return found.map(scope => scope._id);
  }

  /** What can be granted, with all that is known of it, in order of scope. */
  async grantableScopes(): Promise<ScopeDocument[]> {
    return this.scopes().find({ status: { $ne: 'withdrawn' } }).sort({ _id: 1 }).toArray();
  }

  /** The whole catalogue with all that is known of it, withdrawn scopes among them, in order of scope. */
  async all(): Promise<ScopeDocument[]> { return this.scopes().find().sort({ _id: 1 }).toArray(); }

  /** The same, but only how each scope stands. */
  async standings(): Promise<Pick<ScopeDocument, '_id' | 'status' | 'successor'>[]> {
    return this.scopes().find({}, { projection: { status: 1, successor: 1 } }).sort({ _id: 1 }).toArray();
  }

  /** A page of the catalogue, withdrawn scopes among them. */
  async list({ api_type, module, text, after, limit }: ScopeQuery): Promise<ScopeDocument[]> {
    const words = text === undefined ? undefined : literally(text);
    return this.scopes().find({
      ...(api_type !== undefined && { api_type }), ...(module !== undefined && { module }), ...(after !== undefined && { _id: { $gt: after } }),
      ...(words && { $or: [{ _id: words }, { description: words }] }),
    }).sort({ _id: 1 }).limit(limit).toArray();
  }

  /** A scope of the catalogue, withdrawn or not. */
  async byId(scope: string): Promise<ScopeDocument | undefined> { return (await this.scopes().findOne({ _id: scope })) ?? undefined; }

  /** What was announced of these scopes and below them, withdrawn ones too: in order of scope, after the scope `after`, at most `limit`. */
  async within(scopes: readonly string[], { after, limit }: { readonly after?: string | undefined; readonly limit: number }): Promise<ScopeDocument[]> {
    if (scopes.length === 0) return [];
    // A colon ends each part of a scope, and a semicolon is what comes after it.
    const below = scopes.map(scope => ({ _id: { $gt: `${scope}:`, $lt: `${scope};` } }));
    return this.scopes().find({ $and: [{ $or: [{ _id: { $in: [...scopes] } }, ...below] }, ...(after === undefined ? [] : [{ _id: { $gt: after } }])] })
      .sort({ _id: 1 }).limit(limit).toArray();
  }

  private scopes() { return this.database.collection<ScopeDocument>(SCOPES); }
}
