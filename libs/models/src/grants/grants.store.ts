import { mongo } from 'mongoose';
import { EventData } from '@strowger/contracts/event-catalogue';
import { OAuthError } from '@strowger/oauth-core/oauth-error';
import { By, GrantAt, Grants, Origin } from '@strowger/oauth-core/ports';
import { GrantFacts, RefreshKeys } from '@strowger/oauth-core/refresh-token';
import { covers, minimalScope } from '@strowger/oauth-core/scope';
import { Standing } from '@strowger/oauth-core/standing';
import { ACCESS_TOKENS, AccessTokenDocument } from '../access-tokens/access-tokens.schema';
import { consentEvent } from '../consents/answered-consent';
import { consentIdOf } from '../consents/consents.reader';
import { CONSENTS, ConsentDocument } from '../consents/consents.schema';
import { Database } from '../database';
import { ChangeRecorder } from '../outbox/change-recorder';
import { eventIdOf, makeEvent } from '../outbox/make-event';
import { recordRevocation } from '../outbox/record-revocation';
import { TurnReads } from '../turns/turn-reads';
import { TurnWriter } from '../turns/turn-writer';
import { GrantDocument, GRANTS } from './grants.schema';
import { grantCreated, newGrant } from './new-grant';
import { TurnChanges } from './turn-changes';
import { turnCodeUses } from './turn-code-uses';
import { Rotation, turnRotations } from './turn-rotations';

const MARGIN_SECONDS = 600, DUPLICATE_KEY = 11000, CONSENT_TRIES = 5;
type GrantEvent = 'grant.revoked' | 'grant.reuse_detected';
const factsOf = ({ _id, ...rest }: GrantDocument): GrantFacts => ({ id: _id, ...rest });

/** Grants and the consents under them, in MongoDB. `longestTokenSeconds`: ACCESS_TOKEN_TTL_MAX_SECONDS. */
export class GrantsStore extends Grants {
  private readonly reads: TurnReads<GrantAt>;
  private readonly consents: TurnReads<ConsentDocument>;
  private readonly rotations: TurnChanges<Rotation>;
  private readonly codeUses: TurnChanges<{ readonly id: string }>;

  constructor(
    private readonly database: Database, private readonly turns: TurnWriter, private readonly changes: ChangeRecorder,
    private readonly keys: RefreshKeys, private readonly longestTokenSeconds: number,
  ) {
    super();
    this.rotations = turnRotations(database);
    this.codeUses = turnCodeUses(database);
    this.reads = new TurnReads(async ids => {
      const found = await this.collection().aggregate<GrantDocument & { now: Date }>([{ $match: { _id: { $in: [...ids] } } }, { $set: { now: '$$NOW' } }]).toArray();
      return new Map(found.map(({ now, ...grant }) => [grant._id, { grant: factsOf(grant), now }]));
    });
    this.consents = new TurnReads(async ids => {
      const found = await this.database.collection<ConsentDocument>(CONSENTS).find({ _id: { $in: [...ids] } }).toArray();
      return new Map(found.map(consent => [consent._id, consent]));
    });
  }

  override async begin(standing: Standing, grantType: string, scope: string, origin: Origin): Promise<GrantFacts> {
    const { application, account } = standing;
    await this.implyConsent(standing, scope, origin);
    const now = new Date(), until = new Date(now.getTime() + (this.longestTokenSeconds + MARGIN_SECONDS) * 1000);
    const document = newGrant(standing, { grantType, scope, keyId: this.keys.currentId }, now), by = { account_id: account.id, client_id: application.client_id };
    await this.turns.insert({ collection: GRANTS, document }, [{ event: grantCreated(this.changes.source, document, origin, by, now), until }]);
    const consent = await this.consents.read(consentIdOf(account.id, application.id));
    if (consent?.status !== 'active') {
      await this.end(factsOf(document), 'consent_removed', ['grant.revoked'], undefined, origin);
      throw new OAuthError('invalid_grant', 'the application was just removed from the account; log in again');
    }
    return factsOf(document);
  }

  override async read(id: string): Promise<GrantAt | undefined> { return this.reads.read(id); }

  override async rotate(grant: GrantFacts, graceSeconds: number): Promise<boolean> { return this.rotations.make({ id: grant.id, generation: grant.generation, graceSeconds }); }

  override async answered(grantId: string, generation: number): Promise<boolean> {
    const found = await this.database.collection<AccessTokenDocument>(ACCESS_TOKENS).findOne({ grant_id: grantId, generation }, { projection: { _id: 1 } });
    return found !== null;
  }

  override async useCode(grant: GrantFacts): Promise<boolean> { return this.codeUses.make({ id: grant.id }); }

  override async consented(grant: GrantFacts): Promise<boolean> {
    return (await this.consents.read(consentIdOf(grant.account_id, grant.application_id)))?.status === 'active';
  }

  override async revokeForReuse(grant: GrantFacts, origin: Origin): Promise<void> {
    await this.end(grant, 'refresh_token_reuse', ['grant.reuse_detected', 'grant.revoked'], undefined, origin);
  }

  override async revoke(grant: GrantFacts, reason: string, by: By, origin: Origin): Promise<void> {
    await this.end(grant, reason, ['grant.revoked'], by, origin);
  }

  private async end(grant: GrantFacts, reason: string, types: readonly GrantEvent[], by: By | undefined, origin: Origin): Promise<void> {
    await recordRevocation(this.changes, async session => {
      const { modifiedCount } = await this.collection().updateOne({ _id: grant.id, status: 'active', version: grant.version }, { $set: { status: 'revoked' }, $inc: { version: 1 } }, { session });
      const revoked = { ...grant, _id: grant.id, version: grant.version + 1 };
      return { result: undefined, events: modifiedCount === 1 ? types.map(type => this.event(type, revoked, by, origin, reason)) : [] };
    }, async () => (await this.collection().findOne({ _id: grant.id }, { projection: { status: 1 } }))?.status === 'revoked');
  }

  /** Sees to it that a consent covers the scope; a person who gives an application the password has agreed. */
  private async implyConsent({ tenant, application, account }: Standing, scope: string, origin: Origin): Promise<void> {
    const id = consentIdOf(account.id, application.id);
    for (let tries = 0; ; tries++) {
      const known = await this.consents.read(id);
      const held = known?.status === 'active' ? known.scope.split(' ') : [];
      if (known?.status === 'active' && scope.split(' ').every(one => covers(held, one))) return;
      const consent: ConsentDocument = {
        _id: id, tenant_id: tenant.id, version: (known?.version ?? 0) + 1, account_id: account.id, application_id: application.id,
        scope: minimalScope([...held, ...scope.split(' ')]), implied: true, status: 'active', granted_at: new Date(),
      };
      if (await this.grantConsent(consent, known?.version, application.client_id, origin)) return;
      if (tries >= CONSENT_TRIES) throw new OAuthError('temporarily_unavailable', 'the consent changed meanwhile; try again', { retryAfterSeconds: 1 });
    }
  }

  private async grantConsent(consent: ConsentDocument, before: number | undefined, clientId: string, origin: Origin): Promise<boolean> {
    const consents = this.database.collection<ConsentDocument>(CONSENTS);
    const event = consentEvent(this.changes.source, 'consent.granted', CONSENTS, consent, origin, { account_id: consent.account_id, client_id: clientId });
    try {
      return await this.changes.record(async session => {
        if (before === undefined) await consents.insertOne(consent, { session });
        else if ((await consents.replaceOne({ _id: consent._id, version: before }, consent, { session })).modifiedCount === 0) return { result: false, events: [] };
        return { result: true, events: [event] };
      });
    } catch (error) {
      if (error instanceof mongo.MongoServerError && error.code === DUPLICATE_KEY) return false;
      throw error;
    }
  }

  private event(type: GrantEvent, grant: Pick<GrantDocument, '_id' | 'tenant_id' | 'version' | 'application_id' | 'account_id' | 'scope'>, by: By | undefined, origin: Origin, reason?: string) {
    const data: EventData<'grant.revoked'> = {
      tenant_id: grant.tenant_id, version: grant.version, ...(by && { by }), ...origin,
      grant_id: grant._id, application_id: grant.application_id, account_id: grant.account_id, scope: grant.scope, ...(reason !== undefined && { reason }),
    };
    return makeEvent<GrantEvent>(this.changes.source, type, eventIdOf(GRANTS, grant._id, grant.version, type), grant._id, new Date(), data);
  }

  private collection() { return this.database.collection<GrantDocument>(GRANTS); }
}
