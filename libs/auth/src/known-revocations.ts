import { z } from 'zod';
import { Envelope } from '@strowger/contracts/cloud-event';
import { AccessTokenClaims, Actor } from '@strowger/oauth-core/facts';

const id = z.string().min(1), version = z.int().nonnegative();
const OfKey = z.object({ kid: id });
const OfToken = z.object({ token_id: id }), OfGrant = z.object({ grant_id: id });
const OfApplication = z.object({ application_id: id, rights_version: version });
const OfAccount = z.object({ account_id: id, rights_version: version });
const OfTenant = z.object({ tenant_id: id, rights_version: version });

/** What was said of something, and when it was heard last; the oldest first. */
class Kept<V> {
  private readonly entries = new Map<string, { readonly value: V; readonly at: number }>();
  get size(): number { return this.entries.size; }
  get(key: string): V | undefined { return this.entries.get(key)?.value; }
  keep(key: string, value: V, at: number): void {
    this.entries.delete(key);
    this.entries.set(key, { value, at });
  }
  forgetBefore(moment: number): void {
    for (const [key, { at }] of this.entries) {
      if (at >= moment) return;
      this.entries.delete(key);
    }
  }
}

/**
 * What is known of lowered rights: revoked tokens and grants, and for each tenant, application and account one number, the highest rights
 * version that was heard. The order of events makes no difference, and hearing one twice neither.
 */
export class KnownRevocations {
  private readonly tokens = new Kept<true>();
  private readonly grants = new Kept<true>();
  private readonly tenants = new Kept<number>();
  private readonly applications = new Kept<number>();
  private readonly accounts = new Kept<number>();
  private readonly keys = new Kept<true>();

  /** How many things something is known of. */
  get size(): number { return this.all().reduce((sum, kept) => sum + kept.size, 0); }

  /** Applies an event that lowers a right; `at`: now, in milliseconds of any clock. False: it does not say whose, or in no way that is understood here. */
  apply({ type, data }: Envelope, at: number): boolean {
    switch (type.split('.', 1)[0]) {
      case 'token': return said(OfToken.safeParse(data).data, ({ token_id }) => { this.tokens.keep(token_id, true, at); });
      case 'grant': return said(OfGrant.safeParse(data).data, ({ grant_id }) => { this.grants.keep(grant_id, true, at); });
      case 'application': case 'secret': case 'credentials':
        return said(OfApplication.safeParse(data).data, ({ application_id, rights_version }) => { highest(this.applications, application_id, rights_version, at); });
      case 'account': return said(OfAccount.safeParse(data).data, ({ account_id, rights_version }) => { highest(this.accounts, account_id, rights_version, at); });
      case 'key': return said(OfKey.safeParse(data).data, ({ kid }) => { this.keys.keep(kid, true, at); });
      case 'tenant': return said(OfTenant.safeParse(data).data, ({ tenant_id, rights_version }) => { highest(this.tenants, tenant_id, rights_version, at); });
      default: return false;
    }
  }

  /** Whether a token with these claims has lost a right since it was issued. What nothing is known of, and what is older than the token, counts in its favour. */
  covers({ jti, grant_id, tenant_id, application_id, sub, owner, act, actor_owners, rights }: AccessTokenClaims): boolean {
    return this.tokens.get(jti) !== undefined || (grant_id !== undefined && this.grants.get(grant_id) !== undefined)
      || isOlder(rights.tenant, this.tenants.get(tenant_id)) || isOlder(rights.application, this.applications.get(application_id)) || isOlder(rights.account, this.accounts.get(sub))
      || (owner !== undefined && isOlder(rights.owner, this.accounts.get(owner))) || (act !== undefined && this.coversActor(act, rights.actors ?? [], 0))
      || (actor_owners?.some((account, index) => isOlder(rights.actor_owners?.[index], this.accounts.get(account))) ?? false);
  }

  /** Whether a signing key was withdrawn, because others may have it: of what it signed only the issuer knows what is genuine. */
  isWithdrawn(kid: string): boolean { return this.keys.get(kid) !== undefined; }

  /**
   * Forgets what was heard before, in the clock of `apply`. Never a withdrawn key: who has it may sign what looks young, and this process may have read the
   * key set long ago.
   */
  forgetBefore(moment: number): void { for (const kept of this.all()) if (kept !== this.keys) kept.forgetBefore(moment); }

  private all(): readonly Kept<unknown>[] { return [this.tokens, this.grants, this.tenants, this.applications, this.accounts, this.keys]; }

  private coversActor(actor: Actor, versions: readonly number[], index: number): boolean {
    return isOlder(versions[index], this.accounts.get(actor.sub)) || (actor.act !== undefined && this.coversActor(actor.act, versions, index + 1));
  }
}

/** Whether the claims name everybody whose version they carry, so that `covers` can judge them. */
export function namesAll({ owner, act, actor_owners, rights }: AccessTokenClaims): boolean {
  let actors = 0;
  for (let actor = act; actor; actor = actor.act) actors++;
  return (owner === undefined) === (rights.owner === undefined) && actors === (rights.actors?.length ?? 0)
    && actors === (rights.actor_owners?.length ?? 0) && actors === (actor_owners?.length ?? 0);
}

const isOlder = (carried = -1, known = -1): boolean => carried < known;
const highest = (kept: Kept<number>, key: string, heard: number, at: number): void => { kept.keep(key, Math.max(heard, kept.get(key) ?? 0), at); };
function said<T>(about: T | undefined, keep: (about: T) => void): boolean {
  if (about !== undefined) keep(about);
  return about !== undefined;
}
