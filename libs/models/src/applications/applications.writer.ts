import { mongo } from 'mongoose';
import { StrowgerEvent } from '@strowger/contracts/event-catalogue';
import { OAuthError } from '@strowger/oauth-core/oauth-error';
import { Database } from '../database';
import { ChangeRecorder } from '../outbox/change-recorder';
import { Decided, outrun, recordAttempt } from '../outbox/record-attempt';
import { Application, applicationOf } from './applications.reader';
import { ApplicationDocument, APPLICATIONS, applicationSchema } from './applications.schema';

/** An application as it is stored. */
const documentOf = ({ id, secrets, ...rest }: Application, attempt: string): ApplicationDocument => ({
  ...rest, _id: id, attempt,
  secrets: secrets.map(secret => ({ id: secret.id, hash: secret.hash, created_at: secret.created_at, ...(secret.expires_at && { expires_at: secret.expires_at }) })),
});

/** Inserts one as part of a transaction. */
export async function insertApplication(database: Database, application: Application, attempt: string, session: mongo.ClientSession): Promise<void> {
  await database.model(APPLICATIONS, applicationSchema).create([documentOf(application, attempt)], { session });
}

/** Writes applications; only app-registry-service does. A change and its events become durable together. */
export class ApplicationsWriter {
  constructor(private readonly database: Database, private readonly recorder: ChangeRecorder) {}

  /** @throws OAuthError temporarily_unavailable - see `recordAttempt` */
  async register(application: Application, events: readonly StrowgerEvent[]): Promise<void> {
    await recordAttempt(this.database, this.recorder, APPLICATIONS, application.id, async (session, mark) => {
      await insertApplication(this.database, application, mark, session);
      return { result: undefined, events };
    });
  }

  /**
   * Changes one by compare-and-set on `version`. `decide` sees it as it stands, may run more than once, and must have no other effect.
   * @throws whatever `decide` throws, with nothing changed
   * @throws OAuthError not_found; temporarily_unavailable - see `recordAttempt`
   */
  async change<R>(id: string, decide: (before: Application) => Decided<Application, R>): Promise<R> {
    return recordAttempt(this.database, this.recorder, APPLICATIONS, id, async (session, mark) => {
      const found = await this.database.collection<ApplicationDocument>(APPLICATIONS).findOne({ _id: id }, { session });
      if (!found) throw new OAuthError('not_found', 'there is no such application');
      const { after, events, result } = decide(applicationOf(found));
      if (events.length > 0) {
        const { matchedCount } = await this.database.model(APPLICATIONS, applicationSchema)
          .replaceOne({ _id: id, version: found.version }, documentOf(after, mark), { session, runValidators: true });
        if (matchedCount !== 1) throw outrun();
      }
      return { result, events };
    });
  }
}
