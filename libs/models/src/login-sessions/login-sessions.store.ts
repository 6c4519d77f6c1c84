import { mongo } from 'mongoose';
import { EventData } from '@strowger/contracts/event-catalogue';
import { Origin } from '@strowger/oauth-core/ports';
import { Standing } from '@strowger/oauth-core/standing';
import { Database } from '../database';
import { ChangeRecorder } from '../outbox/change-recorder';
import { eventIdOf, makeEvent } from '../outbox/make-event';
import { LOGIN_SESSIONS, LoginSessionDocument } from './login-sessions.schema';

type LoginEvent = 'login.succeeded' | 'login.ended';
/** Whose session begins; an application has no part in it. */
export type SessionStanding = Omit<Standing, 'application'>;

/** Sessions of people at the login page, on the server: a cookie alone is nothing. */
export class LoginSessions {
  constructor(private readonly database: Database, private readonly changes: ChangeRecorder, private readonly lifetimeSeconds: number) {}

  /** Begins a session under this id and ends the one before it, if there is one; both with their events. */
  async begin(id: string, standing: SessionStanding, before: LoginSessionDocument | undefined, origin: Origin): Promise<LoginSessionDocument> {
    const now = new Date(), session: LoginSessionDocument = {
      _id: id, tenant_id: standing.tenant.id, version: 1, account_id: standing.account.id, sign_out_versions: sessionVersionsOf(standing), status: 'active',
      created_at: now, expires_at: new Date(now.getTime() + this.lifetimeSeconds * 1000),
    };
    await this.changes.record(async within => {
      await this.collection().insertOne(session, { session: within });
      const ended = before && await this.finish(before, within);
      return { result: undefined, events: [this.event('login.succeeded', session, origin), ...(ended ? [this.event('login.ended', ended, origin, 'replaced')] : [])] };
    });
    return session;
  }

  /** A session that is active and has not ended by itself. */
  async read(id: string): Promise<LoginSessionDocument | undefined> {
    return await this.collection().findOne({ _id: id, status: 'active', expires_at: { $gt: new Date() } }) ?? undefined;
  }

  /** Ends a session, with its event. Ended already: nothing. */
  async end(session: LoginSessionDocument, origin: Origin): Promise<void> {
    await this.changes.record(async within => {
      const ended = await this.finish(session, within);
      return { result: undefined, events: ended ? [this.event('login.ended', ended, origin, 'logout')] : [] };
    });
  }

  private async finish(session: LoginSessionDocument, within: mongo.ClientSession): Promise<LoginSessionDocument | undefined> {
    const { modifiedCount } = await this.collection().updateOne({ _id: session._id, status: 'active', version: session.version }, { $set: { status: 'ended' }, $inc: { version: 1 } }, { session: within });
    return modifiedCount === 1 ? { ...session, status: 'ended', version: session.version + 1 } : undefined;
  }

  private event(type: LoginEvent, { _id, version, tenant_id, account_id }: LoginSessionDocument, origin: Origin, reason?: string) {
    const data: EventData<LoginEvent> = { tenant_id, version, by: { account_id }, ...origin, account_id, ...(reason !== undefined && { reason }) };
    return makeEvent<LoginEvent>(this.changes.source, type, eventIdOf(LOGIN_SESSIONS, _id, version, type), _id, new Date(), data);
  }

  private collection() { return this.database.collection<LoginSessionDocument>(LOGIN_SESSIONS); }
}

/** The versions a session begins under. */
export function sessionVersionsOf({ tenant, account, owner }: SessionStanding): LoginSessionDocument['sign_out_versions'] {
  return { tenant: tenant.sign_out_version, account: account.sign_out_version, ...(owner && { owner: owner.sign_out_version }) };
}
