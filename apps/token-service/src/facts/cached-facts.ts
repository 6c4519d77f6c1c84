import { Envelope } from '@strowger/contracts/cloud-event';
import { AccountsReader } from '@strowger/models/accounts/accounts.reader';
import { ApplicationsReader } from '@strowger/models/applications/applications.reader';
import { ScopesReader } from '@strowger/models/scopes/scopes.reader';
import { TenantsReader } from '@strowger/models/tenants/tenants.reader';
import { AccountFacts, ApplicationFacts, TenantFacts } from '@strowger/oauth-core/facts';
import { Facts } from '@strowger/oauth-core/ports';
import { KnownScopes } from '@strowger/oauth-core/scope';
import { FactCache } from './fact-cache';

const byKey = <V, W extends V>(list: readonly W[], keyOf: (value: W) => string): ReadonlyMap<string, V> => new Map(list.map(value => [keyOf(value), value]));
const ALL_SCOPES = 'all';

/** The facts of the token path, read through the shared models and kept for seconds; the feed's events invalidate them. */
export class CachedFacts extends Facts {
  private readonly byClientId: FactCache<ApplicationFacts>;
  private readonly applications: FactCache<ApplicationFacts>;
  private readonly accounts: FactCache<AccountFacts>;
  private readonly tenants: FactCache<TenantFacts>;
  private readonly scopes: FactCache<KnownScopes>;

  constructor(readers: { applications: ApplicationsReader; accounts: AccountsReader; tenants: TenantsReader; scopes: ScopesReader }) {
    super();
    this.byClientId = new FactCache<ApplicationFacts>(async keys => byKey(await readers.applications.byClientIds(keys), one => one.client_id));
    this.applications = new FactCache<ApplicationFacts>(async keys => byKey(await readers.applications.byIds(keys), one => one.id));
    this.accounts = new FactCache<AccountFacts>(async keys => byKey(await readers.accounts.byIds(keys), one => one.id));
    this.tenants = new FactCache<TenantFacts>(async keys => byKey(await readers.tenants.byIds(keys), one => one.id));
    this.scopes = new FactCache(async () => new Map([[ALL_SCOPES, new KnownScopes(await readers.scopes.grantable())]]));
  }

  override applicationByClientId(clientId: string) { return this.byClientId.get(clientId); }
  override applicationByClientIdAgain(clientId: string) { return this.byClientId.again(clientId); }
  override application(id: string, how?: { fresh: boolean }) { return how?.fresh ? this.applications.fresh(id) : this.applications.get(id); }
  override account(id: string, how?: { fresh: boolean }) { return how?.fresh ? this.accounts.fresh(id) : this.accounts.get(id); }
  override tenant(id: string, how?: { fresh: boolean }) { return how?.fresh ? this.tenants.fresh(id) : this.tenants.get(id); }
  override async knownScopes(how?: { again: boolean }): Promise<KnownScopes> {
    return (await (how?.again ? this.scopes.again(ALL_SCOPES) : this.scopes.get(ALL_SCOPES))) ?? new KnownScopes([]);
  }

  /** Forgets what these events of the feed may have changed. */
  invalidate(events: readonly Envelope[]): void {
    for (const { type, data } of events) {
      const about: Record<string, unknown> = typeof data === 'object' && data !== null ? { ...data } : {};
      const text = (field: string): string => typeof about[field] === 'string' ? about[field] : '';
      if (type.startsWith('scope.')) this.scopes.clear();
      else if (type.startsWith('tenant.')) this.tenants.forget(text('tenant_id'));
      this.applications.forget(text('application_id'));
      for (const field of ['client_id', 'new_client_id']) this.byClientId.forget(text(field));
      this.accounts.forget(text('account_id'));
    }
  }

  /** Forgets everything: the feed may have missed something. */
  clear(): void {
    for (const cache of [this.byClientId, this.applications, this.accounts, this.tenants, this.scopes]) cache.clear();
  }
}
