import { mongo } from 'mongoose';
import { OAuthError } from '@strowger/oauth-core/oauth-error';
import { Database } from '../database';
import { ChangeRecorder } from '../outbox/change-recorder';
import { Decided, outrun, recordAttempt } from '../outbox/record-attempt';
import { Tenant, tenantOf } from './tenants.reader';
import { TenantDocument, TENANTS, tenantSchema } from './tenants.schema';

const documentOf = ({ id, ...rest }: Tenant, attempt: string): TenantDocument => ({ ...rest, _id: id, attempt });

/** The tenant as part of a transaction, with its logo. @throws OAuthError not_found */
export async function tenantInSession(database: Database, id: string, session: mongo.ClientSession): Promise<Tenant> {
  const found = await database.collection<TenantDocument>(TENANTS).findOne({ _id: id }, { session });
  if (!found) throw new OAuthError('not_found', 'there is no such tenant');
  return tenantOf(found);
}

/** Replaces the tenant as part of a transaction, by compare-and-set. @throws OAuthError temporarily_unavailable - somebody was faster */
export async function replaceTenant(database: Database, before: Tenant, after: Tenant, attempt: string, session: mongo.ClientSession): Promise<void> {
  const { matchedCount } = await database.model(TENANTS, tenantSchema)
    .replaceOne({ _id: before.id, version: before.version }, documentOf(after, attempt), { session, runValidators: true });
  if (matchedCount !== 1) throw outrun();
}

/** Writes tenants; only app-registry-service does. A change and its events become durable together. */
export class TenantsWriter {
  constructor(private readonly database: Database, private readonly recorder: ChangeRecorder) {}

  /**
   * Changes one by compare-and-set on `version`. `decide` sees it as it stands, may run more than once, and must have no other effect.
   * @throws whatever `decide` throws, with nothing changed
   * @throws OAuthError not_found; temporarily_unavailable - see `recordAttempt`
   */
  async change<R>(id: string, decide: (before: Tenant) => Decided<Tenant, R>): Promise<R> {
    return recordAttempt(this.database, this.recorder, TENANTS, id, async (session, mark) => {
      const before = await tenantInSession(this.database, id, session);
      const { after, events, result } = decide(before);
      if (events.length > 0) await replaceTenant(this.database, before, after, mark, session);
      return { result, events };
    });
  }
}
