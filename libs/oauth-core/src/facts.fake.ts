import { AccountFacts, ApplicationFacts, TenantFacts } from './facts';
import { Facts } from './ports';
import { KnownScopes } from './scope';

/**
 * Facts in memory. What is put is there for every read; what is put `hidden` only for a read that asks for it anew, as
 * behind a cache that is seconds old.
 */
export class InMemoryFacts extends Facts {
  private readonly seen = new Map<string, ApplicationFacts | AccountFacts | TenantFacts>();
  private readonly fresh = new Map<string, ApplicationFacts | AccountFacts | TenantFacts>();
  private scopes: readonly string[] = [];
  private freshScopes: readonly string[] = [];

  putApplication(application: ApplicationFacts, how?: 'hidden'): ApplicationFacts {
    for (const key of [`application ${application.id}`, `client ${application.client_id}`]) this.put(key, application, how);
    return application;
  }
  putAccount(account: AccountFacts, how?: 'hidden'): AccountFacts { this.put(`account ${account.id}`, account, how); return account; }
  putTenant(tenant: TenantFacts, how?: 'hidden'): TenantFacts { this.put(`tenant ${tenant.id}`, tenant, how); return tenant; }
  putScopes(scopes: readonly string[], how?: 'hidden'): void { this.freshScopes = scopes; if (!how) this.scopes = scopes; }

  override applicationByClientId(clientId: string) { return this.application_(`client ${clientId}`, false); }
  override applicationByClientIdAgain(clientId: string) { return this.application_(`client ${clientId}`, true); }
  override application(id: string, how?: { fresh: boolean }) { return this.application_(`application ${id}`, how?.fresh); }
  override account(id: string, how?: { fresh: boolean }) { return this.read(`account ${id}`, how?.fresh, one => 'username' in one ? one : undefined); }
  override tenant(id: string, how?: { fresh: boolean }) { return this.read(`tenant ${id}`, how?.fresh, one => 'api_application' in one ? one : undefined); }
  override knownScopes(how?: { again: boolean }) { return Promise.resolve(new KnownScopes(how?.again ? this.freshScopes : this.scopes)); }

  private application_(key: string, fresh?: boolean) { return this.read(key, fresh, one => 'client_id' in one ? one : undefined); }
  private put(key: string, value: ApplicationFacts | AccountFacts | TenantFacts, how?: 'hidden'): void { this.fresh.set(key, value); if (!how) this.seen.set(key, value); }
  private read<T>(key: string, fresh: boolean | undefined, as: (one: ApplicationFacts | AccountFacts | TenantFacts) => T | undefined): Promise<T | undefined> {
    const found = (fresh ? this.fresh : this.seen).get(key);
    return Promise.resolve(found && as(found));
  }
}
