import { StrowgerEvent } from '@strowger/contracts/event-catalogue';
import { Database } from '../database';
import { eventIdOf, EventSource, makeEvent } from '../outbox/make-event';
import { PastEvent, PastEvents } from '../outbox/past-events';
import { ACCESS_TOKENS, AccessTokenDocument } from './access-tokens.schema';

const secondsOf = (moment: Date): number => Math.floor(moment.getTime() / 1000);

/** The event `token.issued` of a stored token: all that it said stands in the document. */
export function tokenIssued(source: EventSource, token: AccessTokenDocument): StrowgerEvent<'token.issued'> {
  const { tenant_id, sub, client_id, application_id, client_name, username, grant_type, grant_id, scope, token_format, exp, secret_id, act, ip, user_agent, request_id, issued_at } = token;
  const id = token._id.toString('base64url');
  return makeEvent(source, 'token.issued', id, id, issued_at, {
    tenant_id, version: 1, by: { account_id: sub, client_id, ...(act && { act }) }, ...(request_id !== undefined && { request_id }), ...(ip !== undefined && { ip }), ...(user_agent !== undefined && { user_agent }),
    token_id: id, application_id, client_id, client_name, account_id: sub, username, grant_type, ...(grant_id !== undefined && { grant_id }), scope, token_format,
    expires_at: new Date(exp * 1000).toISOString(), ...(secret_id !== undefined && { secret_id }), ...(act && { act }),
  });
}

/** Its id is the token's and no other's: the same whoever makes it. */
const startedId = (tokenId: string): string => eventIdOf(ACCESS_TOKENS, tokenId, 1, 'impersonation.started');

/** The event `impersonation.started` of a stored token with which somebody acts for its account: what its `token.issued` says, to who is impersonated. */
export function impersonationStarted(source: EventSource, token: AccessTokenDocument): StrowgerEvent<'impersonation.started'> {
  const { tenant_id, sub, client_id, application_id, client_name, username, scope, exp, act, ip, user_agent, request_id, issued_at } = token;
  const id = token._id.toString('base64url');
  return makeEvent(source, 'impersonation.started', startedId(id), id, issued_at, {
    tenant_id, version: 1, by: { account_id: sub, client_id, ...(act && { act }) }, ...(request_id !== undefined && { request_id }), ...(ip !== undefined && { ip }), ...(user_agent !== undefined && { user_agent }),
    token_id: id, account_id: sub, username, application_id, client_id, client_name, scope, expires_at: new Date(exp * 1000).toISOString(), ...(act && { act }),
  });
}

/** Stored access tokens as the events they were inserted with. Read along the second in which they were issued (`iat`). */
export class TokenEventsReader implements PastEvents {
  constructor(private readonly database: Database) {}

  async between(from: Date, to: Date, limit: number): Promise<PastEvent[]> {
    const found = await this.tokens().find({ iat: { $gte: secondsOf(from), $lt: secondsOf(to) } }, { projection: { _id: 1, act: 1 } }).limit(limit).toArray();
    return found.flatMap(({ _id, act }) => {
      const id = _id.toString('base64url');
      return [{ id, document: _id }, ...(act ? [{ id: startedId(id), document: _id }] : [])];
    });
  }

  async again(events: readonly PastEvent[], source: EventSource): Promise<StrowgerEvent[]> {
    const ids = events.flatMap(({ document }) => typeof document === 'string' ? [] : [document]), wanted = new Set(events.map(({ id }) => id));
    const made = (await this.tokens().find({ _id: { $in: ids } }).toArray()).flatMap(token => [tokenIssued(source, token), ...(token.act ? [impersonationStarted(source, token)] : [])]);
    return made.filter(({ id }) => wanted.has(id));
  }

  private tokens() { return this.database.collection<AccessTokenDocument>(ACCESS_TOKENS); }
}
