import { account, ACCOUNTS, address, ADDRESSES, alone, BEGIN, client, CLIENTS, drawn, idOf, user } from './events';

/** A query of the measurement: its name, and its n-th parameters. */
export interface MeasuredQuery { readonly name: string; readonly parameters: (n: number) => string }

/** p50 and p99 of a page, in milliseconds. */
export interface Latency { readonly p50: number; readonly p99: number; readonly items: number }

/** Every documented filter over a history of `events` events, with values that are in all, many, few, one and none of them, and combinations. */
export function queriesOf(events: number, everyMs: number): readonly MeasuredQuery[] {
  const some = (n: number): number => n * 7919 % events, moment = (n: number): string => new Date(BEGIN + some(n) * everyMs).toISOString();
  const share = (part: number): string => part <= 50 ? `1 in ${String(part)}` : `1 in ${part.toLocaleString('en')}`;
  const rows: readonly (readonly [string, (n: number) => string])[] = [
    ['no filter', () => ''], ['200 at once', () => 'limit=200'],
    [`type, ${share(1)}`, () => 'type=token.issued'], [`type, ${share(50)}`, () => 'type=token.rejected'], [`type, ${share(100_000)}`, () => 'type=grant.reuse_detected'], ['type, none', () => 'type=device.denied'],
    ['three types', () => 'type=token.issued,token.rejected,grant.reuse_detected'],
    [`client_id, ${share(CLIENTS)}`, n => `client_id=${client(n % CLIENTS)}`], ['client_id, one event', () => `client_id=${alone.client_id}`], ['client_id, none', n => `client_id=no-client-${String(n)}`],
    [`subject: account, ${share(ACCOUNTS)}`, n => `subject=${account(n * 13 % ACCOUNTS)}`], [`subject: username, ${share(ACCOUNTS)}`, n => `subject=${user(n * 17 % ACCOUNTS)}`],
    ['subject: username, one event', () => `subject=${alone.username}`], ['subject: token, one event', n => `subject=${idOf(some(n))}`], ['subject, none', n => `subject=nobody-${String(n)}`],
    [`scope, ${share(3)}`, () => 'scope=rest:calllog:read'], [`scope, ${share(100_000)}`, () => 'scope=rest:faxes:write'], ['scope, one event', () => `scope=${alone.scope}`], ['scope, none', () => 'scope=gql:nothing:read'],
    [`grant_type, ${share(3)}`, () => 'grant_type=password'], ['grant_type, one event', () => `grant_type=${alone.grant_type}`], ['grant_type, none', () => 'grant_type=implicit'],
    [`ip, ${share(ADDRESSES)}`, n => `ip=${address(n * 7 % ADDRESSES)}`], ['ip, one event', () => `ip=${alone.ip}`], ['ip, none', n => `ip=192.0.2.${String(n % 250)}`],
    ['from', n => `from=${moment(n)}`], ['to', n => `to=${moment(n)}`], ['to, client_id', n => `to=${moment(n)}&client_id=${client(n % CLIENTS)}`], ['to, username', n => `to=${moment(n)}&subject=${user(n % ACCOUNTS)}`], ['to, client_id that is in none', n => `to=${moment(n)}&client_id=no-client`],
    ['client_id, type 1 in 50', n => `client_id=${client(n % CLIENTS)}&type=token.rejected`], ['client_id, type 1 in 100,000', n => `client_id=${client(n % CLIENTS)}&type=grant.reuse_detected`],
    ['client_id, username that meet', n => `client_id=${client(drawn(some(n)).client)}&subject=${user(drawn(some(n)).account)}`], ['client_id, scope, grant_type', n => `client_id=${client(n % CLIENTS)}&scope=gql&grant_type=password`],
    ['frequent type and scope that never meet', () => 'type=token.rejected&scope=gql'],
  ];
  return rows.map(([name, parameters]) => ({ name, parameters }));
}

/**
 * Asks as often as `rounds` says, in turn for a first page and for the one after it, and each list in turn. `urls`: audit-service's list, of one
 * process or of several.
 */
export async function latencies(urls: readonly string[], rounds: number, { parameters }: MeasuredQuery): Promise<readonly { readonly first: Latency; readonly next?: Latency }[]> {
  const lists = urls.map(url => ({ url, first: [] as number[], next: [] as number[], items: 0 }));
  const page = async (list: (typeof lists)[number], query: string, times: number[] | undefined): Promise<string | null> => {
    const began = performance.now(), response = await fetch(`${list.url}?${query}`, { headers: { authorization: 'Bearer x' } });
    const body = await response.json() as { items?: unknown[]; next_cursor?: string | null };
    if (response.status !== 200) throw new Error(`${query}: ${String(response.status)} ${JSON.stringify(body)}`);
    times?.push(performance.now() - began);
    list.items = body.items?.length ?? 0;
    return body.next_cursor ?? null;
  };
  const WARM_UP = 3;
  for (let n = -WARM_UP; n < rounds; n++) {
    for (const list of n % 2 ? lists : lists.toReversed()) {
      const query = parameters(Math.abs(n)), cursor = await page(list, query, n < 0 ? undefined : list.first);
      if (cursor !== null) await page(list, `${query}&cursor=${cursor}`, n < 0 ? undefined : list.next);
    }
  }
  return lists.map(({ first, next, items }) => {
    const of = (times: number[]): Latency => { times.sort((a, b) => a - b); return { p50: times[Math.floor(times.length / 2)] ?? NaN, p99: times[Math.ceil(times.length * 0.99) - 1] ?? NaN, items }; };
    return { first: of(first), ...(next.length > 0 && { next: of(next) }) };
  });
}
