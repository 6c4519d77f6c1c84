import { createHash } from 'node:crypto';
import { EventType } from '@strowger/contracts/event-catalogue';

/** The one tenant of the measurement, and when its history begins; an event every two seconds. */
export const TENANT = 'bench';
export const BEGIN = Date.UTC(2026, 9, 1);
export const STEP_MS = 2000;

/** A number in [0, below) that looks random and is the same in every run. */
const draw = (n: number, salt: number, below: number): number => (Math.imul(n ^ (salt * 0x9e3779b1), 0x85ebca6b) >>> 8) % below;
const idOf = (n: number): string => createHash('sha256').update(String(n)).digest().subarray(0, 16).toString('base64url');
export const client = (n: number): string => createHash('sha256').update(`client ${String(n)}`).digest('hex').slice(0, 32);
export const account = (n: number): string => `01890000-0000-7000-8000-${String(n).padStart(12, '0')}`;

/** The n-th event: of 50 one is a refusal, of 100,000 one is a reused refresh token, all others are issued tokens. */
export function eventOf(n: number): { type: EventType; event: object } {
  const type: EventType = n % 100_000 === 77 ? 'grant.reuse_detected' : n % 50 === 3 ? 'token.rejected' : 'token.issued';
  const id = idOf(n), who = draw(n, 1, 2000), by = draw(n, 2, 200), token = { client_id: client(by), grant_type: n % 50_000 === 11 ? 'device_code' : ['password', 'client_credentials', 'refresh_token'][draw(n, 3, 3)] };
  const origin = { request_id: idOf(-n), ip: `10.${String(draw(n, 4, 20))}.0.${String(draw(n, 5, 250))}`, user_agent: 'Mozilla/5.0 (X11; Linux x86_64) bench' };
  const scope = n % 100_000 === 99 ? 'rest:faxes:write' : ['rest:calllog:read', 'rest gql', 'rest:callforward:read rest:callforward:write'][draw(n, 6, 3)];
  const data = type === 'token.issued' ? {
    token_id: id, application_id: `a${String(by)}`, client_name: `Application ${String(by)}`, account_id: account(who), username: `user-${String(who)}`, ...token, scope, token_format: 'jwt',
    expires_at: new Date(BEGIN + n * STEP_MS + 3_600_000).toISOString(), by: { account_id: account(who), client_id: token.client_id },
  } : type === 'token.rejected' ? { ...token, reason: 'invalid_client' } : { grant_id: id, application_id: `a${String(by)}`, account_id: account(who), scope, reason: 'refresh_token_reuse' };
  return {
    type, event: {
      specversion: '1.0', id, source: '/token-service/bench', type, subject: type === 'token.rejected' ? `a${String(by)}` : id, time: new Date(BEGIN + n * STEP_MS).toISOString(), datacontenttype: 'application/json',
      data: { tenant_id: TENANT, version: 1, ...origin, ...data },
    },
  };
}
