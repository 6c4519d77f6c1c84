import { hash } from 'node:crypto';
import { AccessTokenDocument } from '@strowger/models/access-tokens/access-tokens.schema';
import { impersonationStarted } from '@strowger/models/access-tokens/token-events.reader';
import { EventSource, makeEvent } from '@strowger/models/outbox/make-event';
import { Owing } from '@strowger/models/outbox/owed-messages';
import { TurnInsert } from '@strowger/models/turns/turn-writer';
import { AccessTokenClaims } from '@strowger/oauth-core/facts';
import { Decision, TokenRequest } from '@strowger/oauth-core/grants/grant';
import { ACCESS_TOKEN_TYPE } from '@strowger/oauth-core/grants/token-exchange.grant';
import { ceilingsBoundBy, ceilingsOf, rightsOf } from '@strowger/oauth-core/standing';
import { SigningKeys } from '../keys/signing-keys';
import { RandomPool } from './random-pool';

/** RFC 6749 §5.1; `expires_in` is seconds. `issued_token_type`: of a token exchange (RFC 8693 §2.2.1). */
export interface TokenAnswer { readonly access_token: string; readonly token_type: 'Bearer'; readonly expires_in: number; readonly scope: string; readonly refresh_token?: string; readonly issued_token_type?: string }
/** Where a token becomes durable together with its event. */
export interface TokenInserts { insert(insert: TurnInsert, owing: readonly Owing[]): Promise<void> }
/** `audience`: of every token. `longestTokenSeconds`: bounds what a tenant may set. `issued`: counts. */
export interface IssuerSettings { readonly issuer: string; readonly audience: string; readonly longestTokenSeconds: number; readonly issued: { tokenIssued(grantType: string, tokenFormat: string): void } }

const ID_BYTES = 16, OPAQUE_BYTES = 32;
/** How long after the end of the last token a message may still find its document. */
const MARGIN_SECONDS = 600;

/** Signs an access token, stores it with its event, and answers once both are durable. */
export class TokenIssuer {
  private readonly random = new RandomPool();

  constructor(private readonly keys: SigningKeys, private readonly turns: TokenInserts, private readonly source: EventSource, private readonly settings: IssuerSettings) {}

  /** @throws NotDurable, TooMuchWaiting - nothing was answered; if the token was stored after all, its event follows */
  async issue(grantType: string, request: TokenRequest, decision: Decision): Promise<TokenAnswer> {
    const { standing: { application, account, owner, actors, tenant }, scope, grant_id, refresh_token, generation, acting } = decision;
    const iat = Math.floor(request.at.getTime() / 1000);
    const lifetime = Math.min(tenant.access_token_ttl_seconds, this.settings.longestTokenSeconds, ...(acting ? [acting.bound.exp - iat] : []));
    const own = ceilingsOf(decision.standing), ceilings = acting ? ceilingsBoundBy(own, acting.bound) : own;
    const opaque = application.token_format === 'opaque' ? this.random.take(OPAQUE_BYTES).toString('base64url') : undefined;
    const id = opaque === undefined ? this.random.take(ID_BYTES) : hashOf(opaque).subarray(0, ID_BYTES);
    const jti = id.toString('base64url');
    const stored: Omit<AccessTokenClaims, 'jti'> = {
      iss: this.settings.issuer, sub: account.id, aud: this.settings.audience, client_id: application.client_id, exp: iat + lifetime, iat, scope,
      tenant_id: tenant.id, application_id: application.id, ...(grant_id !== undefined && { grant_id }), ...ceilings,
      ...(owner && { owner: owner.id }), ...(actors && { actor_owners: actors.map(one => one.owner.id) }), rights: rightsOf(decision.standing),
      ...(acting && { act: acting.act }),
    };
    const text = opaque ?? this.keys.signer().sign({ ...stored, jti });
    const document: AccessTokenDocument = {
      _id: id, hash: hashOf(text), version: 1, ...stored, token_format: application.token_format, grant_type: grantType, client_name: application.name,
      username: account.username, ...(request.secret_id !== undefined && { secret_id: request.secret_id }), ...request.origin,
      ...(generation !== undefined && { generation }), issued_at: request.at,
    };
    const event = makeEvent(this.source, 'token.issued', jti, jti, request.at, {
      tenant_id: tenant.id, version: 1, by: { account_id: account.id, client_id: application.client_id, ...(acting && { act: acting.act }) }, ...request.origin,
      token_id: jti, application_id: application.id, client_id: application.client_id, client_name: application.name, account_id: account.id,
      username: account.username, grant_type: grantType, ...(grant_id !== undefined && { grant_id }), scope, token_format: application.token_format,
      expires_at: new Date(stored.exp * 1000).toISOString(), ...(request.secret_id !== undefined && { secret_id: request.secret_id }),
      ...(acting && { act: acting.act }),
    });
    const events = acting ? [event, impersonationStarted(this.source, document)] : [event], until = new Date((stored.exp + MARGIN_SECONDS) * 1000);
    await this.turns.insert({ collection: 'access_tokens', document }, events.map(one => ({ event: one, until })));
    this.settings.issued.tokenIssued(grantType, application.token_format);
    return { access_token: text, token_type: 'Bearer', expires_in: lifetime, scope, ...(refresh_token !== undefined && { refresh_token }), ...(acting && { issued_token_type: ACCESS_TOKEN_TYPE }) };
  }
}

const hashOf = (text: string): Buffer => hash('sha256', text, 'buffer');
