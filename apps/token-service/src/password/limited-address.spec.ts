import { AccountQueue } from './account-queue';
import { limitedAddress } from './limited-address';

describe('the address that limits count for', () => {
  it.each([
    ['192.0.2.1', '192.0.2.1'], ['::ffff:192.0.2.1', '192.0.2.1'], ['::FFFF:192.0.2.1', '192.0.2.1'], ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'], ['2001:db8:1:2::', '2001:db8:1:2::/64'], ['2001:0DB8:0001:0002::ffff', '2001:db8:1:2::/64'],
    ['::1', '0:0:0:0::/64'], ['fe80::1%eth0', 'fe80:0:0:0::/64'], ['2001:db8::1:2:3:4:5', '2001:db8:0:1::/64'],
  ])('of %s is %s', (ip, address) => { expect(limitedAddress(ip)).toBe(address); });
});

describe('the queue of an account', () => {
  it('runs one at a time, in order; others\' run beside it', async () => {
    const queue = new AccountQueue(), ran: string[] = [];
    let running = 0, most = 0;
    const work = (name: string) => async (): Promise<void> => { most = Math.max(most, ++running); await new Promise(resolve => setImmediate(resolve)); ran.push(name); running--; };
    await Promise.all(['a', 'b', 'c'].map(name => queue.inTurn('alice', work(name))));
    expect([ran, most]).toEqual([['a', 'b', 'c'], 1]);
    await Promise.all([queue.inTurn('alice', work('d')), queue.inTurn('bob', work('e'))]);
    expect(most).toBe(2);
  });
  it('refuses with 503 what is too much, goes on after a failure, and forgets who is done', async () => {
    const queue = new AccountQueue();
    const outcomes = await Promise.allSettled(Array.from({ length: 30 }, (_, i) => queue.inTurn('alice', () => i === 0 ? Promise.reject(new Error('mine')) : Promise.resolve(i))));
    const refused = outcomes.flatMap(one => one.status === 'rejected' ? [one.reason as { code?: string; message: string }] : []);
    expect(refused.filter(error => error.code === 'temporarily_unavailable')).toHaveLength(9);
    expect(refused.filter(error => error.message === 'mine')).toHaveLength(1);
    expect(await queue.inTurn('alice', () => Promise.resolve('again'))).toBe('again');
    expect((queue as unknown as { waiting: Map<string, unknown> }).waiting.size).toBe(0);
  });
});
