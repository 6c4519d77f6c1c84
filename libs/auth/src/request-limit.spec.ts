import * as fc from 'fast-check';
import { InMemoryRateLimits } from '@strowger/models/rate-limits/rate-limits.fake';
import { ApiError } from './api-error';
import { RequestAllowance, RequestLimit, SharedCounters } from './request-limit';

const LIMIT = 10, alice = { application_id: 'app', sub: 'alice' };
/** Counters that instances share, which may be away or late, and how often they were asked. */
class Counters implements SharedCounters {
  readonly asked: number[] = [];
  away = false;
  lateMs = 0;
  private readonly counts = new InMemoryRateLimits();
  async hit(...[counter, now, times]: Parameters<SharedCounters['hit']>) {
    this.asked.push(times);
    if (this.away) throw new Error('away');
    if (this.lateMs > 0) await new Promise(resolve => setTimeout(resolve, this.lateMs));
    return this.counts.hit(counter, now, times);
  }
}
let counters: Counters, warnings: string[];
const instance = (service = 'scope-service'): RequestLimit => new RequestLimit(counters, { service, perMinute: LIMIT, now: () => new Date(), log: { warn: (_fields, line) => { warnings.push(line); } } });
const seconds = (many: number): Promise<void> => jest.advanceTimersByTimeAsync(many * 1000);
const answered = (): Promise<void> => jest.advanceTimersByTimeAsync(0);
/** How many of so many requests pass. */
const passing = (limit: RequestLimit, many: number, caller = alice): number => Array.from({ length: many }, () => allowance(limit, caller)).filter(Boolean).length;
function allowance(limit: RequestLimit, caller = alice): RequestAllowance | undefined {
  try { return limit.count(caller); } catch (error) { expect(error).toBeInstanceOf(ApiError); return undefined; }
}
beforeEach(() => { jest.useFakeTimers({ now: new Date('2126-01-01T00:00:59.900Z') }); counters = new Counters(); warnings = []; });
afterEach(() => { jest.useRealTimers(); });

it('tells what is left, and refuses the one too many with 429 and how long to wait', async () => {
  const limit = instance();
  expect(limit.count(alice)).toEqual({ limit: LIMIT, remaining: 9, resetSeconds: 60 });
  await seconds(20);
  expect(limit.count(alice)).toEqual({ limit: LIMIT, remaining: 8, resetSeconds: 40 });
  expect(passing(limit, 8)).toBe(8);
  expect(() => limit.count(alice)).toThrow(expect.objectContaining({ httpStatus: 429, error: 'rate_limit_exceeded', details: { status: 'rate_limit_exceeded', retryAfterSeconds: 40, limit: LIMIT } }) as Error);
});
it('counts each client, each account and each service for itself', () => {
  const limit = instance();
  expect(passing(limit, LIMIT + 1)).toBe(LIMIT);
  for (const other of [{ ...alice, sub: 'bob' }, { ...alice, application_id: 'other' }, { application_id: 'ap', sub: 'palice' }]) expect(passing(limit, 1, other)).toBe(1);
  expect(passing(instance('audit-service'), 1)).toBe(1);
});
it('begins a minute with its first request, and the next one when it is over: what was refused meanwhile counts nowhere', async () => {
  const limit = instance();
  expect(passing(limit, LIMIT)).toBe(LIMIT);
  await seconds(30);
  expect(passing(limit, 1000)).toBe(0);
  await seconds(29.9);
  expect(passing(limit, 1)).toBe(0);
  await seconds(0.1);
  expect(limit.count(alice)).toEqual({ limit: LIMIT, remaining: 9, resetSeconds: 60 });
});
it('shares its count with the other instances, and with those that start later', async () => {
  const [one, other] = [instance(), instance()];
  expect(passing(one, 4)).toBe(4);
  await seconds(1);
  expect(other.count(alice).remaining).toBe(9);
  await answered();
  expect(other.count(alice).remaining).toBe(4);
  await seconds(1);
  expect(one.count(alice).remaining).toBe(5);
  await answered();
  expect([passing(one, 9), passing(other, 9)]).toEqual([3, 4]);
  await seconds(1);
  expect([passing(one, 1), passing(other, 1)]).toEqual([0, 0]);
  const restarted = instance();
  restarted.count(alice);
  await answered();
  expect(passing(restarted, 1)).toBe(0);
});
it('adds what it counted when it stops', async () => {
  const stopping = instance(), next = instance();
  expect(passing(stopping, LIMIT)).toBe(LIMIT);
  await answered();
  await stopping.drain();
  next.count(alice);
  await answered();
  expect(passing(next, 1)).toBe(0);
});
it('asks the shared counter at most once a second for each caller, and not at all for who is silent', async () => {
  const limit = instance();
  for (let i = 0; i < 8; i++) { passing(limit, 1); await seconds(0.25); }
  expect(counters.asked.length).toBeLessThanOrEqual(3);
  await seconds(2);
  expect(counters.asked.reduce((sum, times) => sum + times, 0)).toBe(8);
  const asked = counters.asked.length;
  await seconds(600);
  expect([counters.asked.length, jest.getTimerCount()]).toEqual([asked, 0]);
});
it('goes on counting its own while the shared counter is away, says so once, and adds it when the counter is back', async () => {
  const limit = instance();
  counters.away = true;
  expect(passing(limit, 4)).toBe(4);
  await seconds(5);
  expect(passing(limit, LIMIT)).toBe(6);
  expect(warnings).toHaveLength(1);
  counters.away = false;
  await seconds(2);
  const other = instance();
  other.count(alice);
  await answered();
  expect([passing(other, 1), passing(limit, 1)]).toEqual([0, 0]);
  expect(warnings).toHaveLength(1);
});
it('lets each of three instances give out the whole minute at most, while the counter has answered none of them', async () => {
  counters.lateMs = 500;
  const instances = [instance(), instance(), instance()];
  expect(instances.map(limit => passing(limit, 2 * LIMIT))).toEqual([LIMIT, LIMIT, LIMIT]);
  await seconds(3);
  expect([...instances, instance()].slice(0, 3).map(limit => passing(limit, 1))).toEqual([0, 0, 0]);
});
it('whatever comes when at which of two instances: nobody is refused who had fewer in the last minute than are allowed', async () => {
  const step = fc.record({ at: fc.nat(1), many: fc.integer({ min: 1, max: 6 }), then: fc.constantFrom(0, 0.3, 1, 7, 25, 61) });
  await fc.assert(fc.asyncProperty(fc.array(step, { maxLength: 30 }), async steps => {
    counters = new Counters();
    const instances = [instance(), instance()] as const, passed: { at: number; time: number }[] = [];
    for (const { at, many, then } of steps) {
      for (let i = 0; i < many; i++) {
        const time = Date.now(), recent = passed.filter(one => one.time > time - 60_000);
        if (allowance(instances[at] ?? instances[0])) passed.push({ at, time });
        else if (recent.length < LIMIT) return false;
      }
      await seconds(then);
    }
    await seconds(120);
    return true;
  }), { numRuns: 100 });
});
