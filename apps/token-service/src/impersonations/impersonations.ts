import { z } from 'zod';
import { AuditEventDocument } from '@strowger/models/audit-events/audit-events.schema';
import { AuditEventsReader } from '@strowger/models/audit-events/audit-events.reader';
import { AuditPosition } from '@strowger/models/audit-events/audit-query';
import { AccessTokenClaims, Actor } from '@strowger/oauth-core/facts';
import { Facts } from '@strowger/oauth-core/ports';
import { actorIds } from '@strowger/oauth-core/read-standing';

/** Who acted; `username` is absent where there is no such account any more. */
export interface ActorAnswer { readonly account_id: string; readonly username?: string }
/** An event of the trail that somebody caused in an account's name; `actors`: outermost first. */
export interface Impersonation { readonly event: AuditEventDocument; readonly actors: readonly ActorAnswer[]; readonly clientId: string | undefined }
/** `next`: the event after which the list goes on. */
export interface ImpersonationsPage { readonly items: readonly Impersonation[]; readonly next?: AuditPosition }
/** What was done through one application: when last, and how often what, of the newest 200 events. */
export interface ActedThrough { readonly last_at: Date; readonly events: Readonly<Record<string, number>> }

const Act: z.ZodType<Actor> = z.lazy(() => z.object({ sub: z.string(), act: Act.exactOptional() }));
const By = z.object({ by: z.object({ client_id: z.string().optional(), act: Act }) });
const NEWEST = 200;
type Whose = Pick<AccessTokenClaims, 'sub' | 'tenant_id'>;

/** What others did in an account's name, from the trail. */
export class Impersonations {
  constructor(private readonly trail: Pick<AuditEventsReader, 'page'>, private readonly facts: Facts) {}

  /** Newest first. @throws a database error - also where it would take longer than 4 s */
  async list({ sub, tenant_id }: Whose, limit: number, after?: AuditPosition): Promise<ImpersonationsPage> {
    const found = await this.trail.page(tenant_id, { impersonated: sub }, limit + 1, after), page = found.slice(0, limit), last = page.at(-1);
    const items = await Promise.all(page.map(event => this.told(event)));
    return { items, ...(found.length > limit && last && { next: { time: last.time, id: last._id } }) };
  }

  /** By `client_id`, of the newest events. @throws as above */
  async byClient({ sub, tenant_id }: Whose): Promise<ReadonlyMap<string, ActedThrough>> {
    const acted = new Map<string, { last_at: Date; events: Record<string, number> }>();
    for (const { type, time, data } of await this.trail.page(tenant_id, { impersonated: sub }, NEWEST)) {
      const client = By.safeParse(data).data?.by.client_id;
      if (client === undefined) continue;
      const known = acted.get(client) ?? { last_at: time, events: {} };
      known.events[type] = (known.events[type] ?? 0) + 1;
      acted.set(client, known);
    }
    return acted;
  }

  private async told(event: AuditEventDocument): Promise<Impersonation> {
    const by = By.safeParse(event.data).data?.by;
    const actors = await Promise.all(actorIds(by?.act).map(async (account_id): Promise<ActorAnswer> => {
      const account = await this.facts.account(account_id);
      return { account_id, ...(account && { username: account.username }) };
    }));
    return { event, actors, clientId: by?.client_id };
  }
}
