import { Application, ApplicationsReader } from '@strowger/models/applications/applications.reader';
import { AccessTokenClaims, ApplicationFacts, RESERVED_APPLICATION } from '@strowger/oauth-core/facts';
import { Facts } from '@strowger/oauth-core/ports';
import { holderOf, Reach } from '@strowger/oauth-core/reach';
import { standingOf } from '@strowger/oauth-core/read-standing';
import { Stretch } from './gather-page';
import { ApplicationPosition } from './reach.query';
import { seesTenant } from './sees-tenant';

const AT_ONCE = 200;
type Found = Stretch<ApplicationFacts, ApplicationPosition>;
const position = (application: string): ApplicationPosition => ({ of: 'applications', application });

/** Finds the applications whose registered scope, access level and (of those that act as their owner) owner reach what is asked. */
export class ReachingApplications {
  constructor(private readonly applications: ApplicationsReader) {}

  /** Those of the tenant, or the caller's own; the deployment's reserved application first, where the tenant has turned it on. */
  async *walk(reach: Reach, { tenant_id, role, sub }: AccessTokenClaims, facts: Facts, after?: ApplicationPosition): AsyncGenerator<Found> {
    const wide = seesTenant(role);
    if (wide && !after) yield await this.judged(await this.reserved(tenant_id, facts), reach, facts, RESERVED_APPLICATION);
    for (let last = after?.application === RESERVED_APPLICATION ? undefined : after?.application; ;) {
      const { items, next } = await this.applications.page({ tenantId: tenant_id, limit: AT_ONCE, ...(!wide && { owner: sub }), ...(last !== undefined && { after: last }) });
      last = items.at(-1)?.id;
      if (last !== undefined) yield await this.judged(items, reach, facts, last);
      if (next === undefined) return;
    }
  }

  private async judged(applications: readonly ApplicationFacts[], reach: Reach, facts: Facts, end: string): Promise<Found> {
    const holders = await Promise.all(applications.map(async application =>
      holderOf(application, application.type === 'machine_to_machine' ? await standingOf(facts, application, await facts.account(application.owner)) : undefined)));
    const found = applications.filter((_, index) => { const holder = holders[index]; return holder !== undefined && reach.includes(holder); });
    return { found: found.map(item => ({ item, position: position(item.id) })), looked: applications.length, end: position(end) };
  }

  private async reserved(tenantId: string, facts: Facts): Promise<readonly Application[]> {
    const tenant = await facts.tenant(tenantId);
    return tenant?.api_application ? this.applications.byIds([RESERVED_APPLICATION]) : [];
  }
}
