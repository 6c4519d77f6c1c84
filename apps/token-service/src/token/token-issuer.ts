import { hash } from 'node:crypto';
import { AccessTokenDocument } from '@strowger/models/access-tokens/access-tokens.schema';
import { impersonationStarted } from '@strowger/models/access-tokens/token-events.reader';
import { EventSource, makeEvent } from '@strowger/models/outbox/make-event';
import { Owing } from '@strowger/models/outbox/owed-messages';
import { TurnInsert } from '@strowger/models/turns/turn-writer';
import { AccessTokenClaims, TokenFormat } from '@strowger/oauth-core/facts';
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
/** With `Authorization: Bearer ` before it, a token of so many characters still fits what common proxies take of a header, and introspection of a token: 8 KiB. */
const LONGEST_JWT = 8000;
interface TokenText { readonly id: Buffer; readonly hash: Buffer; readonly text: string; readonly token_format: TokenFormat }
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
    const stored: Omit<AccessTokenClaims, 'jti'> = {
      iss: this.settings.issuer, sub: account.id, aud: this.settings.audience, client_id: application.client_id, exp: iat + lifetime, iat, scope,
      tenant_id: tenant.id, application_id: application.id, ...(grant_id !== undefined && { grant_id }), ...ceilings,
      ...(owner && { owner: owner.id }), ...(actors && { actor_owners: actors.map(one => one.owner.id) }), rights: rightsOf(decision.standing),
      ...(acting && { act: acting.act }),
    };
    const { id, hash: tokenHash, text, token_format } = (application.token_format === 'jwt' ? this.jwtOf(stored) : undefined) ?? this.opaque(), jti = id.toString('base64url');
    const document: AccessTokenDocument = {
      _id: id, hash: tokenHash, version: 1, ...stored, token_format, grant_type: grantType, client_name: application.name,
      username: account.username, ...(request.secret_id !== undefined && { secret_id: request.secret_id }), ...request.origin,
      ...(generation !== undefined && { generation }), issued_at: request.at,
    };
    const event = makeEvent(this.source, 'token.issued', jti, jti, request.at, {
      tenant_id: tenant.id, version: 1, by: { account_id: account.id, client_id: application.client_id, ...(acting && { act: acting.act }) }, ...request.origin,
      token_id: jti, application_id: application.id, client_id: application.client_id, client_name: application.name, account_id: account.id,
      username: account.username, grant_type: grantType, ...(grant_id !== undefined && { grant_id }), scope, token_format,
      expires_at: new Date(stored.exp * 1000).toISOString(), ...(request.secret_id !== undefined && { secret_id: request.secret_id }),
      ...(acting && { act: acting.act }),
    });
    const events = acting ? [event, impersonationStarted(this.source, document)] : [event], until = new Date((stored.exp + MARGIN_SECONDS) * 1000);
    await this.turns.insert({ collection: 'access_tokens', document }, events.map(one => ({ event: one, until })));
    this.settings.issued.tokenIssued(grantType, token_format);
    return { access_token: text, token_type: 'Bearer', expires_in: lifetime, scope, ...(refresh_token !== undefined && { refresh_token }), ...(acting && { issued_token_type: ACCESS_TOKEN_TYPE }) };
  }

  /** Undefined: it would be too long, for its scope or switchboards are. */
  private jwtOf(claims: Omit<AccessTokenClaims, 'jti'>): TokenText | undefined {
    const id = this.random.take(ID_BYTES), text = this.keys.signer().sign({ ...claims, jti: id.toString('base64url') });
    return text.length > LONGEST_JWT ? undefined : { id, hash: hashOf(text), text, token_format: 'jwt' };
  }

  private opaque(): TokenText {
    const text = this.random.take(OPAQUE_BYTES).toString('base64url'), whole = hashOf(text);
    return { id: whole.subarray(0, ID_BYTES), hash: whole, text, token_format: 'opaque' };
  }
}

const hashOf = (text: string): Buffer => hash('sha256', text, 'buffer');
