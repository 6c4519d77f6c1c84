import { StartUp } from './start-up';

/** A database that is reached when `reach` is called, and how often it was prepared; the first `failures` times in vain. */
function scene(failures = 0, pauseMs = 1) {
  const reached = Promise.withResolvers<undefined>(), warned: unknown[] = [];
  let attempts = 0, told: unknown;
  const startUp = new StartUp({
    database: { connected: () => reached.promise }, log: { warn: (fields: unknown) => { warned.push(fields); } },
    prepare: () => ++attempts <= failures ? Promise.reject(new Error(`no ${String(attempts)}`)) : Promise.resolve(),
  }, pauseMs);
  startUp.done.then(() => { told = 'done'; }, (error: unknown) => { told = error; });
  return { startUp, warned, reach: () => { reached.resolve(undefined); }, attempts: () => attempts, told: () => told };
}

describe('StartUp', () => {
  it('prepares nothing before the database is reached, and once after that', async () => {
    const { startUp, reach, attempts, told } = scene(), running = startUp.run();
    expect([attempts(), startUp.isReady(), told()]).toEqual([0, false, undefined]);
    reach();
    await running;
    expect([attempts(), startUp.isReady(), told()]).toEqual([1, true, 'done']);
  });
  it('tries until it works, and says each time why it did not', async () => {
    const { startUp, reach, attempts, warned } = scene(3);
    reach();
    await startUp.run();
    expect([attempts(), startUp.isReady(), warned]).toEqual([4, true, [1, 2, 3].map(n => ({ err: new Error(`no ${String(n)}`) }))]);
  });
  it('stopped before the database is reached prepares nothing, and tells who waits', async () => {
    const { startUp, reach, attempts, told } = scene(), running = startUp.run();
    startUp.stop();
    reach();
    await running;
    expect([attempts(), startUp.isReady(), told()]).toEqual([0, false, new Error('the service stopped before its database was there')]);
  });
  it('stopped between two attempts makes no other, and does not wait for its turn', async () => {
    const { startUp, reach, attempts, warned } = scene(1, 60_000), running = startUp.run();
    reach();
    while (warned.length === 0) await new Promise(resolve => setImmediate(resolve));
    startUp.stop();
    await running;
    expect([attempts(), startUp.isReady()]).toEqual([1, false]);
  });
  it('stopped when all is prepared stays ready', async () => {
    const { startUp, reach, told } = scene();
    reach();
    await startUp.run();
    startUp.stop();
    await startUp.run();
    expect([startUp.isReady(), told()]).toEqual([true, 'done']);
  });
});
