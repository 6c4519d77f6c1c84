import { AccountFacts, ApplicationFacts, TenantFacts } from '@strowger/oauth-core/facts';
import { Facts } from '@strowger/oauth-core/ports';
import { KnownScopes } from '@strowger/oauth-core/scope';
import { AccountsReader } from './accounts/accounts.reader';
import { ApplicationsReader } from './applications/applications.reader';
import { Database } from './database';
import { ScopesReader } from './scopes/scopes.reader';
import { TenantsReader } from './tenants/tenants.reader';
import { TurnReads } from './turns/turn-reads';

const inMap = <V, W extends V>(list: readonly W[], keyOf: (value: W) => string): ReadonlyMap<string, V> => new Map(list.map(value => [keyOf(value), value]));

/** Values by key, each read once; what is asked in one event-loop turn is one query. */
class OnceRead<V> {
  private readonly kept = new Map<string, Promise<V | undefined>>();
  private readonly reads: TurnReads<V>;
  constructor(load: (keys: readonly string[]) => Promise<ReadonlyMap<string, V>>) { this.reads = new TurnReads(load); }

  read(key: string): Promise<V | undefined> {
    const known = this.kept.get(key);
    if (known) return known;
    const value = this.reads.read(key);
    this.kept.set(key, value);
    return value;
  }
}

/** Facts as the database has them now, each read once in the life of this object: made for one request that asks for many. */
export class DatabaseFacts extends Facts {
  private readonly byClientId: OnceRead<ApplicationFacts>;
  private readonly applications: OnceRead<ApplicationFacts>;
  private readonly accounts: OnceRead<AccountFacts>;
  private readonly tenants: OnceRead<TenantFacts>;
  private readonly scopes: ScopesReader;

  constructor(database: Database) {
    super();
    const applications = new ApplicationsReader(database), accounts = new AccountsReader(database), tenants = new TenantsReader(database);
    this.byClientId = new OnceRead<ApplicationFacts>(async keys => inMap(await applications.byClientIds(keys), one => one.client_id));
    this.applications = new OnceRead<ApplicationFacts>(async keys => inMap(await applications.byIds(keys), one => one.id));
    this.accounts = new OnceRead<AccountFacts>(async keys => inMap(await accounts.byIds(keys), one => one.id));
    this.tenants = new OnceRead<TenantFacts>(async keys => inMap(await tenants.byIds(keys), one => one.id));
    this.scopes = new ScopesReader(database);
  }

  override applicationByClientId(clientId: string) { return this.byClientId.read(clientId); }
  override applicationByClientIdAgain(clientId: string) { return this.byClientId.read(clientId); }
  override application(id: string) { return this.applications.read(id); }
  override account(id: string) { return this.accounts.read(id); }
  override tenant(id: string) { return this.tenants.read(id); }
  override async knownScopes(): Promise<KnownScopes> { return new KnownScopes(await this.scopes.grantable()); }
}
