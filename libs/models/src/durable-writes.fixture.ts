import { randomBytes } from 'node:crypto';
import { mongo } from 'mongoose';
import { decodeBatch, Envelope } from '@strowger/contracts/cloud-event';
import { EventPublisher } from '@strowger/contracts/outbox';
import { AccessTokenDocument, ACCESS_TOKENS } from './access-tokens/access-tokens.schema';
import { Database } from './database';
import { GrantDocument, GRANTS } from './grants/grants.schema';
import { eventIdOf, EventSource, makeEvent, randomEventId } from './outbox/make-event';
import { Owing } from './outbox/owed-messages';
import { TurnInsert } from './turns/turn-writer';

/** Tests only: who makes these events. */
export const source: EventSource = { service: 'token-service', instance: 'test' };

/** Tests only: a stream that takes messages, or is away. */
export class TestStream extends EventPublisher {
  readonly messages: { subject: string; ids: string[] }[] = [];
  away = false;
  override publish(subject: string, batch: Uint8Array): Promise<void> {
    if (this.away) return Promise.reject(new Error('away'));
    this.messages.push({ subject, ids: decodeBatch(batch).map(event => Envelope.parse(event).id) });
    return Promise.resolve();
  }
  get ids(): string[] { return this.messages.flatMap(message => message.ids).sort(); }
}

/** What happens to an insert: it is stored but not answered, it is lost, or it waits until it is let go. */
export type Fault = 'answer lost' | 'write lost' | 'held';
/** Tests only: the database, but for what happens to the inserts of some collections and to reads. */
export class FaultyDatabase {
  readonly faults = new Map<string, Fault>();
  unreadable = false;
  readonly held: (() => void)[] = [];
  constructor(private readonly database: Database) {}
  collection(name: string): unknown {
    const real = this.database.collection<{ _id: string }>(name), fault = this.faults.get(name);
    const lost = () => new mongo.MongoNetworkError('lost');
    return {
      insertMany: async (documents: never[], options: object) => {
        if (fault === 'write lost') throw lost();
        if (fault === 'held') await new Promise<void>(resolve => this.held.push(resolve));
        const result = await real.insertMany(documents, options);
        if (fault === 'answer lost') throw lost();
        return result;
      },
      find: (...args: Parameters<typeof real.find>) => this.unreadable ? { toArray: () => Promise.reject(lost()) } : real.find(...args),
      deleteMany: (filter: object) => real.deleteMany(filter),
    };
  }
}

/** Tests only: a document to be inserted and the event that is owed for it. */
export interface Item { readonly id: string; readonly insert: TurnInsert; readonly owing: readonly Owing[] }
/** Tests only: an access token, as it is issued. */
export function token(fields: Partial<AccessTokenDocument> = {}): Item {
  const _id = randomBytes(16), id = _id.toString('base64url'), at = new Date();
  const base = { tenant_id: 't', version: 1, scope: 'rest', application_id: 'a', client_id: 'c', client_name: 'n', username: 'u', grant_type: 'client_credentials', token_format: 'jwt' as const };
  const document: AccessTokenDocument = {
    ...base, _id, hash: randomBytes(32), iss: 'i', sub: 's', aud: 'a', exp: 2, iat: 1, account_kind: 'user', role: 'user', access_level: 'call_api', read_only: false, impersonation: false,
    rights: { tenant: 1, application: 1, account: 1 }, issued_at: at, ...fields,
  };
  return { id, insert: { collection: ACCESS_TOKENS, document }, owing: [{ event: makeEvent(source, 'token.issued', id, id, at, { ...base, token_id: id, account_id: 's', expires_at: at.toISOString() }), until: new Date(at.getTime() + 60_000) }] };
}
/** Tests only: a grant, as it is created. */
export function grant(): Item {
  const _id = randomBytes(16).toString('base64url'), at = new Date(), base = { tenant_id: 't', version: 1, application_id: 'a', account_id: 'u', scope: 'rest' };
  const document: GrantDocument = { ...base, _id, grant_type: 'password', key_id: 'k', nonce: randomBytes(16), sign_out_versions: { tenant: 1, application: 1, account: 1 }, status: 'active', generation: 0, created_at: at, expires_at: at };
  const id = eventIdOf(GRANTS, _id, 1, 'grant.created');
  return { id, insert: { collection: GRANTS, document }, owing: [{ event: makeEvent(source, 'grant.created', id, _id, at, { ...base, grant_id: _id }), until: at }] };
}

/** Tests only: an event that stands for no document. */
export const rejection = () => makeEvent(source, 'token.rejected', randomEventId(), 'x', new Date(), { tenant_id: '_', version: 0, reason: 'invalid_client' });
