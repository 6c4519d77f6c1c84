import { AccountFacts, ApplicationFacts, TenantFacts } from '@strowger/oauth-core/facts';
import { KnownScopes } from '@strowger/oauth-core/scope';
import { AccountsReader } from './accounts/accounts.reader';
import { ApplicationsReader } from './applications/applications.reader';
import { Database } from './database';
import { ScopesReader } from './scopes/scopes.reader';
import { TenantsReader } from './tenants/tenants.reader';

/** What facts are read through. */
export interface FactReaders { readonly applications: ApplicationsReader; readonly accounts: AccountsReader; readonly tenants: TenantsReader; readonly scopes: ScopesReader }

/** Many facts by their keys in one query; a key without a fact is absent from the answer. */
export type FactLoad<V> = (keys: readonly string[]) => Promise<ReadonlyMap<string, V>>;

/** How each kind of fact is read, many at once. */
export interface FactReads {
  readonly byClientId: FactLoad<ApplicationFacts>;
  readonly applications: FactLoad<ApplicationFacts>;
  readonly accounts: FactLoad<AccountFacts>;
  readonly tenants: FactLoad<TenantFacts>;
  readonly knownScopes: () => Promise<KnownScopes>;
}

export const factReadersOf = (database: Database): FactReaders => ({
  applications: new ApplicationsReader(database), accounts: new AccountsReader(database), tenants: new TenantsReader(database), scopes: new ScopesReader(database),
});

export const factReadsOf = ({ applications, accounts, tenants, scopes }: FactReaders): FactReads => ({
  byClientId: async keys => byKey(await applications.byClientIds(keys), one => one.client_id),
  applications: async keys => byKey(await applications.byIds(keys), one => one.id),
  accounts: async keys => byKey(await accounts.byIds(keys), one => one.id),
  tenants: async keys => byKey(await tenants.byIds(keys), one => one.id),
  knownScopes: async () => new KnownScopes(await scopes.grantable()),
});

const byKey = <V>(list: readonly V[], keyOf: (value: V) => string): ReadonlyMap<string, V> => new Map(list.map(value => [keyOf(value), value]));
