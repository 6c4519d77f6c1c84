import { AccountFacts, ApplicationFacts, TenantFacts } from '@strowger/oauth-core/facts';
import { Facts } from '@strowger/oauth-core/ports';
import { KnownScopes } from '@strowger/oauth-core/scope';
import { Database } from './database';
import { FactLoad, FactReads, factReadersOf, factReadsOf } from './fact-reads';
import { TurnReads } from './turns/turn-reads';

/** Values by key, each read once; what is asked in one event-loop turn is one query. */
class OnceRead<V> {
  private readonly kept = new Map<string, Promise<V | undefined>>();
  private readonly reads: TurnReads<V>;
  constructor(load: FactLoad<V>) { this.reads = new TurnReads(load); }

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
  private readonly reads: FactReads;

  constructor(database: Database) {
    super();
    this.reads = factReadsOf(factReadersOf(database));
    this.byClientId = new OnceRead(this.reads.byClientId);
    this.applications = new OnceRead(this.reads.applications);
    this.accounts = new OnceRead(this.reads.accounts);
    this.tenants = new OnceRead(this.reads.tenants);
  }

  override applicationByClientId(clientId: string) { return this.byClientId.read(clientId); }
  override applicationByClientIdAgain(clientId: string) { return this.byClientId.read(clientId); }
  override application(id: string) { return this.applications.read(id); }
  override account(id: string) { return this.accounts.read(id); }
  override tenant(id: string) { return this.tenants.read(id); }
  override knownScopes(): Promise<KnownScopes> { return this.reads.knownScopes(); }
}
