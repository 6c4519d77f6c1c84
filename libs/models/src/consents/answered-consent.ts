import { mongo } from 'mongoose';
import { StrowgerEvent } from '@strowger/contracts/event-catalogue';
import { answeredConsent } from '@strowger/oauth-core/consent-scope';
import { Origin } from '@strowger/oauth-core/ports';
import { Standing } from '@strowger/oauth-core/standing';
import { Database } from '../database';
import { EventSource, eventIdOf, makeEvent } from '../outbox/make-event';
import { outrun } from '../outbox/record-attempt';
import { consentIdOf } from './consents.reader';
import { ConsentDocument, CONSENTS } from './consents.schema';

type ConsentEvent = 'consent.granted' | 'consent.denied';

/** The consent after a person gave `granted` of `requested`. */
export const answeredConsentOf = ({ tenant, application, account }: Standing, before: ConsentDocument | undefined, requested: string, granted: string): ConsentDocument => ({
  _id: consentIdOf(account.id, application.id), tenant_id: tenant.id, version: (before?.version ?? 0) + 1, account_id: account.id, application_id: application.id,
  ...answeredConsent(before, requested, granted), implied: false, status: 'active', granted_at: new Date(),
});

/** Puts it in the place of the one before, by compare-and-set. @throws OAuthError temporarily_unavailable - somebody was faster (a first one: a duplicate key) */
export async function putConsent(database: Database, consent: ConsentDocument, before: ConsentDocument | undefined, session: mongo.ClientSession): Promise<void> {
  const consents = database.collection<ConsentDocument>(CONSENTS);
  if (!before) await consents.insertOne(consent, { session });
  else if ((await consents.replaceOne({ _id: consent._id, version: before.version }, consent, { session })).modifiedCount === 0) throw outrun();
}

/** What was decided, as an event of the document of `collection` that says so. */
export const consentEvent = (
  source: EventSource, type: ConsentEvent, collection: string, { _id, tenant_id, version, application_id, account_id, scope }: Pick<ConsentDocument, '_id' | 'tenant_id' | 'version' | 'application_id' | 'account_id' | 'scope'>,
  origin: Origin, by: { account_id: string; client_id: string },
): StrowgerEvent<ConsentEvent> =>
  makeEvent<ConsentEvent>(source, type, eventIdOf(collection, _id, version, type), _id, new Date(), { tenant_id, version, by, ...origin, application_id, account_id, scope });
