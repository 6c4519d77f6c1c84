import { StrowgerEvent } from '@strowger/contracts/event-catalogue';
import { Database } from '../database';
import { EventSource, makeEvent } from '../outbox/make-event';
import { PastEvent, PastEvents } from '../outbox/past-events';
import { ACCESS_TOKENS, AccessTokenDocument } from './access-tokens.schema';

const secondsOf = (moment: Date): number => Math.floor(moment.getTime() / 1000);

/** The event `token.issued` of a stored token: all that it said stands in the document. */
export function tokenIssued(source: EventSource, token: AccessTokenDocument): StrowgerEvent<'token.issued'> {
  const { tenant_id, sub, client_id, application_id, client_name, username, grant_type, grant_id, scope, token_format, exp, secret_id, act, ip, user_agent, request_id, issued_at } = token;
  const id = token._id.toString('base64url');
  return makeEvent(source, 'token.issued', id, id, issued_at, {
    tenant_id, version: 1, by: { account_id: sub, client_id }, ...(request_id !== undefined && { request_id }), ...(ip !== undefined && { ip }), ...(user_agent !== undefined && { user_agent }),
    token_id: id, application_id, client_id, client_name, account_id: sub, username, grant_type, ...(grant_id !== undefined && { grant_id }), scope, token_format,
    expires_at: new Date(exp * 1000).toISOString(), ...(secret_id !== undefined && { secret_id }), ...(act && { act }),
  });
}

/** Stored access tokens as the events `token.issued`. Read along the second in which they were issued (`iat`). */
export class TokenEventsReader implements PastEvents {
  constructor(private readonly database: Database) {}

  async between(from: Date, to: Date, limit: number): Promise<PastEvent[]> {
    const found = await this.tokens().find({ iat: { $gte: secondsOf(from), $lt: secondsOf(to) } }, { projection: { _id: 1 } }).limit(limit).toArray();
    return found.map(({ _id }) => ({ id: _id.toString('base64url'), document: _id }));
  }

  async again(events: readonly PastEvent[], source: EventSource): Promise<StrowgerEvent[]> {
    const ids = events.flatMap(({ document }) => typeof document === 'string' ? [] : [document]);
    return (await this.tokens().find({ _id: { $in: ids } }).toArray()).map(token => tokenIssued(source, token));
  }

  private tokens() { return this.database.collection<AccessTokenDocument>(ACCESS_TOKENS); }
}
