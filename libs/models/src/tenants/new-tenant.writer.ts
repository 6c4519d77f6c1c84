import { mongo } from 'mongoose';
import { StrowgerEvent } from '@strowger/contracts/event-catalogue';
import { OAuthError } from '@strowger/oauth-core/oauth-error';
import { Account } from '../accounts/accounts.reader';
import { insertAccount } from '../accounts/accounts.writer';
import { Application } from '../applications/applications.reader';
import { insertApplication } from '../applications/applications.writer';
import { Database } from '../database';
import { ChangeRecorder } from '../outbox/change-recorder';
import { recordAttempt } from '../outbox/record-attempt';
import { Tenant } from './tenants.reader';
import { TENANTS, tenantSchema } from './tenants.schema';

const DUPLICATE_KEY = 11000;

/** A tenant and what it cannot be without: its first administrator and applications, the deployment's reserved one among them where it was missing. */
export interface NewTenant { readonly tenant: Tenant; readonly administrator: Account; readonly applications: readonly Application[] }

/** Makes tenants, whole or not at all; only app-registry-service does. */
export class NewTenantWriter {
  constructor(private readonly database: Database, private readonly recorder: ChangeRecorder) {}

  /**
   * @throws UsernameTaken
   * @throws OAuthError temporarily_unavailable - another process is making the same; or see `recordAttempt`
   */
  async create({ tenant, administrator, applications }: NewTenant, events: readonly StrowgerEvent[]): Promise<void> {
    const { id, ...rest } = tenant;
    await this.once(recordAttempt(this.database, this.recorder, TENANTS, id, async (session, attempt) => {
      await this.database.model(TENANTS, tenantSchema).create([{ ...rest, _id: id, attempt }], { session });
      await insertAccount(this.database, administrator, attempt, session);
      for (const application of applications) await insertApplication(this.database, application, attempt, session);
      return { result: undefined, events };
    }));
  }

  private async once(creation: Promise<void>): Promise<void> {
    try {
      await creation;
    } catch (cause) {
      if (!(cause instanceof mongo.MongoServerError && cause.code === DUPLICATE_KEY)) throw cause;
      throw new OAuthError('temporarily_unavailable', 'somebody else is making the same tenant; run it again', { cause, retryAfterSeconds: 1 });
    }
  }
}
