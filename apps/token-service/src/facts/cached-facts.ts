import { Envelope } from '@strowger/contracts/cloud-event';
import { FactReaders, factReadsOf } from '@strowger/models/fact-reads';
import { AccountFacts, ApplicationFacts, TenantFacts } from '@strowger/oauth-core/facts';
import { Facts } from '@strowger/oauth-core/ports';
import { KnownScopes } from '@strowger/oauth-core/scope';
import { FactCache } from './fact-cache';

const ALL_SCOPES = 'all';

/** The facts of the token path, read through the shared models and kept for seconds; the feed's events invalidate them. */
export class CachedFacts extends Facts {
  private readonly byClientId: FactCache<ApplicationFacts>;
  private readonly applications: FactCache<ApplicationFacts>;
  private readonly accounts: FactCache<AccountFacts>;
  private readonly tenants: FactCache<TenantFacts>;
  private readonly scopes: FactCache<KnownScopes>;

  constructor(readers: FactReaders) {
    super();
    const reads = factReadsOf(readers);
    this.byClientId = new FactCache(reads.byClientId);
    this.applications = new FactCache(reads.applications);
    this.accounts = new FactCache(reads.accounts);
    this.tenants = new FactCache(reads.tenants);
    this.scopes = new FactCache(async () => new Map([[ALL_SCOPES, await reads.knownScopes()]]));
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
