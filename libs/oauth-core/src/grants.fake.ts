import { randomBytes } from 'node:crypto';
import { OAuthError } from './oauth-error';
import { GrantAt, Grants } from './ports';
import { GrantFacts, RefreshKeys } from './refresh-token';
import { signOutVersionsOf, Standing } from './standing';

/** Grants in memory, by a clock that the test moves. `step` runs before each call: a test may let others pass there. */
export class InMemoryGrants extends Grants {
  readonly grants = new Map<string, GrantFacts>();
  readonly consents = new Map<string, { status: 'active' | 'removed'; scope: string }>();
  /** Types of the events, in order. */
  readonly events: string[] = [];
  rotations = 0;
  step: (call: string) => Promise<void> = () => Promise.resolve();
  /** Runs between a grant's insert and the look at its consent. */
  afterInsert: () => void = () => undefined;
  private readonly stored = new Set<string>();

  constructor(private readonly now: () => Date, private readonly keys: RefreshKeys) { super(); }

  override async begin(standing: Standing, grantType: string, scope: string): Promise<GrantFacts> {
    await this.step('begin');
    const { tenant, application, account } = standing, consent = `${account.id}:${application.id}`, held = this.consents.get(consent);
    if (held?.status !== 'active' || !scope.split(' ').every(one => held.scope.split(' ').includes(one))) {
      this.consents.set(consent, { status: 'active', scope: held?.status === 'active' ? `${held.scope} ${scope}` : scope });
      this.events.push('consent.granted');
    }
    const grant: GrantFacts = {
      id: randomBytes(16).toString('base64url'), tenant_id: tenant.id, version: 1, application_id: application.id, account_id: account.id, grant_type: grantType, scope,
      key_id: this.keys.currentId, nonce: randomBytes(16), sign_out_versions: signOutVersionsOf(standing), status: 'active', generation: 0, created_at: this.now(),
      expires_at: new Date(this.now().getTime() + tenant.refresh_token_ttl_seconds * 1000),
    };
    this.grants.set(grant.id, grant);
    this.events.push('grant.created');
    this.afterInsert();
    if (this.consents.get(consent)?.status === 'active') return grant;
    await this.end(grant, ['grant.revoked']);
    throw new OAuthError('invalid_grant', 'the application was just removed from the account; log in again');
  }

  override async read(id: string): Promise<GrantAt | undefined> {
    await this.step('read');
    const grant = this.grants.get(id);
    return grant && { grant, now: this.now() };
  }

  override async rotate(grant: GrantFacts, graceSeconds: number): Promise<boolean> {
    await this.step('rotate');
    const found = this.grants.get(grant.id), now = this.now();
    if (found?.status !== 'active' || found.generation !== grant.generation) return false;
    if (found.rotated_at && now.getTime() - found.rotated_at.getTime() < graceSeconds * 1000) return false;
    this.grants.set(grant.id, { ...found, generation: found.generation + 1, rotated_at: now });
    this.rotations++;
    return true;
  }

  override async answered(grantId: string, generation: number): Promise<boolean> {
    await this.step('answered');
    return this.stored.has(`${grantId} ${String(generation)}`);
  }

  override async useCode(grant: GrantFacts): Promise<boolean> {
    await this.step('useCode');
    const found = this.grants.get(grant.id);
    if (found?.status !== 'active' || !found.code || found.code.used_at) return false;
    this.grants.set(grant.id, { ...found, code: { ...found.code, used_at: this.now() } });
    return true;
  }

  override async consented(grant: GrantFacts): Promise<boolean> {
    await this.step('consented');
    return this.consents.get(`${grant.account_id}:${grant.application_id}`)?.status === 'active';
  }

  override async revokeForReuse(grant: GrantFacts): Promise<void> {
    await this.step('revoke');
    await this.end(grant, ['grant.reuse_detected', 'grant.revoked']);
  }

  override async revoke(grant: GrantFacts): Promise<void> {
    await this.step('revoke');
    await this.end(grant, ['grant.revoked']);
  }

  /** An access token of this generation was stored. */
  storeToken(grantId: string, generation: number): Promise<void> { this.stored.add(`${grantId} ${String(generation)}`); return Promise.resolve(); }

  private end(grant: GrantFacts, events: readonly string[]): Promise<void> {
    const found = this.grants.get(grant.id);
    if (found?.status !== 'active' || found.version !== grant.version) return Promise.resolve();
    this.grants.set(grant.id, { ...found, status: 'revoked', version: found.version + 1 });
    this.events.push(...events);
    return Promise.resolve();
  }
}
