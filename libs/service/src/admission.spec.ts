import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { Admission, AdmissionLimits } from './admission';

const LIMITS: AdmissionLimits = { busyMs: 20, longestWaitMs: 60_000, waiting: 10 };
const COSTS_MS = 8;
const turnOfTheLoop = (): Promise<void> => new Promise(resolve => { setImmediate(resolve); });

/** An admission before a handler of which each request takes 8 ms of a clock that stands still otherwise. */
function scene(limits: Partial<AdmissionLimits> = {}) {
  let now = 0;
  const begun: string[] = [], arrived: ServerResponse[] = [];
  const admission = new Admission({ ...LIMITS, ...limits }, () => now);
  const listener = admission.before(request => { begun.push(request.url ?? ''); now += COSTS_MS; });
  const arrive = (url: string, socket = new Socket()): ServerResponse => {
    const request = new IncomingMessage(socket), response = new ServerResponse(request);
    request.url = url;
    arrived.push(response);
    listener(request, response);
    return response;
  };
  const refused = (): ServerResponse[] => arrived.filter(response => response.headersSent);
  return { admission, begun, refused, arrive, sleep: (ms: number) => { now += ms; } };
}

describe('admission', () => {
  it('begins what there is time for in this turn of the event loop, and the rest of a burst in the next ones, in the order of arrival', async () => {
    const { begun, arrive, admission } = scene();
    for (const url of ['1', '2', '3', '4', '5', '6', '7', '8']) arrive(url);
    expect([begun, admission.waitingNow]).toEqual([['1', '2', '3'], 5]);
    await turnOfTheLoop();
    expect(begun).toEqual(['1', '2', '3', '4', '5', '6']);
    await turnOfTheLoop();
    await turnOfTheLoop();
    expect(begun).toEqual(['1', '2', '3', '4', '5', '6', '7', '8']);
    expect([admission.waitingNow, admission.refused]).toEqual([0, 0]);
  });
  it('begins the last first once somebody has waited for a tenth of a second', async () => {
    const { begun, arrive, sleep } = scene();
    for (const url of ['1', '2', '3', '4', '5', '6', '7', '8']) arrive(url);
    sleep(100);
    await turnOfTheLoop();
    arrive('9');
    await turnOfTheLoop();
    expect(begun).toEqual(['1', '2', '3', '8', '7', '6', '9', '5', '4']);
  });
  it('lets everything through while the process keeps up, in the order in which it came', async () => {
    const { begun, arrive } = scene(), urls = Array.from({ length: 30 }, (_, i) => String(i));
    for (const url of urls) { arrive(url); if (Number(url) % 2) await turnOfTheLoop(); }
    expect(begun).toEqual(urls);
  });
  it('refuses what waited too long with 503, and is as before afterwards', async () => {
    jest.useFakeTimers({ doNotFake: ['setImmediate', 'performance'] });
    try {
      const { begun, refused, arrive, admission, sleep } = scene({ longestWaitMs: 1000, busyMs: 1 });
      const responses = ['1', '2', '3'].map(url => arrive(url));
      sleep(1001);
      jest.advanceTimersByTime(50);
      expect(refused()).toEqual(responses.slice(1));
      expect(refused().map(response => response.statusCode)).toEqual([503, 503]);
      expect([admission.refused, admission.waitingNow, jest.getTimerCount()]).toEqual([2, 0, 0]);
      await turnOfTheLoop();
      arrive('4');
      expect(begun).toEqual(['1', '4']);
    } finally {
      jest.useRealTimers();
    }
  });
  it('refuses at once what finds no room to wait', () => {
    const { refused, arrive } = scene({ waiting: 2, busyMs: 1 });
    for (const url of ['1', '2', '3']) arrive(url);
    expect(refused()).toHaveLength(0);
    const fourth = arrive('4');
    expect(refused()).toEqual([fourth]);
  });
  it('never lets wait what an operator asks', () => {
    const { begun, arrive } = scene({ busyMs: 1 });
    for (const url of ['1', '2', '/health/live', '/health/ready', '/metrics', '/healthy']) arrive(url);
    expect(begun).toEqual(['1', '/health/live', '/health/ready', '/metrics']);
  });
  it('begins nothing for a client that has gone', async () => {
    const { begun, arrive } = scene({ busyMs: 1 }), gone = new Socket();
    arrive('1');
    arrive('2');
    arrive('3', gone);
    gone.destroy();
    await turnOfTheLoop();
    expect(begun).toEqual(['1', '2']);
  });
});
