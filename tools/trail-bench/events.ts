import { createHash } from 'node:crypto';
import { EventType } from '@strowger/contracts/event-catalogue';

/** The one tenant of the measurement, and when its history begins. */
export const TENANT = 'bench';
export const BEGIN = Date.UTC(2026, 9, 1);
/** How many values of each kind the events share. */
export const CLIENTS = 200, ACCOUNTS = 2000, ADDRESSES = 5000;
/** What stands in one event of the whole history, the one of this number. */
const ALONE = 1003;
export const alone = { client_id: 'of-one-event', username: 'of-one-event', account_id: 'of-one-event', scope: 'rest:of:one:event', ip: '198.51.100.1', grant_type: 'urn:of:one:event' } as const;

/** A number in [0, below) that looks random and is the same in every run. */
function draw(n: number, salt: number, below: number): number {
  let mixed = Math.imul(n ^ salt * 0x9e3779b1, 0x85ebca6b);
  mixed = Math.imul(mixed ^ mixed >>> 13, 0xc2b2ae35);
  return ((mixed ^ mixed >>> 16) >>> 0) % below;
}
export const idOf = (n: number): string => createHash('sha256').update(String(n)).digest().subarray(0, 16).toString('base64url');
export const client = (n: number): string => createHash('sha256').update(`client ${String(n)}`).digest('hex').slice(0, 32);
export const account = (n: number): string => `01890000-0000-7000-8000-${String(n).padStart(12, '0')}`;
export const user = (n: number): string => `user-${String(n)}`;
export const address = (n: number): string => `10.${String(n % 20)}.0.${String(n % 250)}`;
/** Which of them the n-th event has. */
export const drawn = (n: number) => ({ client: draw(n, 2, CLIENTS), account: draw(n, 1, ACCOUNTS), address: draw(n, 4, ADDRESSES) });

/** The n-th event of a history with one in every `everyMs`: of 50 one is a refusal, of 100,000 one a reused refresh token, all others are issued tokens. */
export function eventOf(n: number, everyMs: number): { type: EventType; event: object } {
  const type: EventType = n % 100_000 === 77 ? 'grant.reuse_detected' : n % 50 === 4 ? 'token.rejected' : 'token.issued';
  const id = idOf(n), only = n === ALONE ? alone : undefined, is = drawn(n), account_id = only?.account_id ?? account(is.account), client_id = only?.client_id ?? client(is.client), at = BEGIN + n * everyMs;
  const token = { client_id, grant_type: only?.grant_type ?? ['password', 'client_credentials', 'refresh_token'][draw(n, 3, 3)] };
  const origin = { request_id: idOf(-n), ip: only?.ip ?? address(is.address), user_agent: 'Mozilla/5.0 (X11; Linux x86_64) bench' };
  const scope = only?.scope ?? (n % 100_000 === 99 ? 'rest:faxes:write' : ['rest:calllog:read', 'rest gql', 'rest:callforward:read rest:callforward:write'][draw(n, 6, 3)]), application_id = `a${String(is.client)}`;
  const data = type === 'token.issued' ? {
    token_id: id, application_id, client_name: `Application ${String(is.client)}`, account_id, username: only?.username ?? user(is.account), ...token, scope, token_format: 'jwt',
    expires_at: new Date(at + 3_600_000).toISOString(), by: { account_id, client_id },
  } : type === 'token.rejected' ? { ...token, reason: 'invalid_client' } : { grant_id: id, application_id, account_id, scope, reason: 'refresh_token_reuse' };
  return {
    type, event: {
      specversion: '1.0', id, source: '/token-service/bench', type, subject: type === 'token.rejected' ? application_id : id, time: new Date(at).toISOString(), datacontenttype: 'application/json',
      data: { tenant_id: TENANT, version: 1, ...origin, ...data },
    },
  };
}
