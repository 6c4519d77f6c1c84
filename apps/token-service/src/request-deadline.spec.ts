import type { FastifyRequest } from 'fastify';
import { withinDeadline } from './request-deadline';

const request = (): FastifyRequest => ({}) as FastifyRequest;
const never = (): Promise<never> => new Promise(() => undefined);
beforeEach(() => { jest.useFakeTimers(); });
afterEach(() => { jest.useRealTimers(); });

describe('the deadline of a request', () => {
  it('lets what comes in time through, answers and errors alike, and leaves no timer behind', async () => {
    await expect(withinDeadline(request(), Promise.resolve('there'))).resolves.toBe('there');
    await expect(withinDeadline(request(), Promise.reject(new RangeError('so')))).rejects.toThrow(RangeError);
    await jest.advanceTimersByTimeAsync(100);
    expect(jest.getTimerCount()).toBe(0);
  });
  it('is five seconds from the first part of the work, whatever came between', async () => {
    const one = request();
    await withinDeadline(one, Promise.resolve());
    await jest.advanceTimersByTimeAsync(4000);
    const outcomes: string[] = [];
    const noted = (name: string, work: Promise<unknown>): void => { work.then(() => outcomes.push(name), (error: unknown) => outcomes.push(`${name} ${(error as { code: string }).code}`)); };
    noted('a later request', withinDeadline(request(), never()));
    noted('the second part', withinDeadline(one, never()));
    await jest.advanceTimersByTimeAsync(900);
    expect(outcomes).toEqual([]);
    await jest.advanceTimersByTimeAsync(200);
    expect(outcomes).toEqual(['the second part temporarily_unavailable']);
    await jest.advanceTimersByTimeAsync(4000);
    expect(outcomes).toEqual(['the second part temporarily_unavailable', 'a later request temporarily_unavailable']);
    await jest.advanceTimersByTimeAsync(100);
    expect(jest.getTimerCount()).toBe(0);
  });
});
