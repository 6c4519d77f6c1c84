import { DeviceAuthorizationFacts } from '@strowger/oauth-core/device-authorization';
import { DeviceAuthorizations } from '@strowger/oauth-core/ports';

/** Device authorizations as their tests see them. `pass`: so many seconds go by for the database. */
export interface DevicesScene {
  readonly devices: DeviceAuthorizations;
  /** One that waits, with this interval. @returns its device code */
  begun(interval: number): Promise<string>;
  pass(seconds: number): Promise<void>;
}

/** What every adapter of `DeviceAuthorizations` keeps to. */
export function deviceAuthorizationsBehaviour(make: () => Promise<DevicesScene>): void {
  const live = async ({ devices }: DevicesScene, code: string): Promise<DeviceAuthorizationFacts> => {
    const read = await devices.read(code);
    if (!read) throw new Error('no device');
    return read.device;
  };

  it('are found by the whole device code, with the time they were read at', async () => {
    const scene = await make(), code = await scene.begun(5), read = await scene.devices.read(code);
    expect(read?.device).toMatchObject({ status: 'pending', interval: 5, version: 1, user_code: expect.stringMatching(/^\d{9}$/) as string });
    expect(Math.abs((read?.now.getTime() ?? 0) - (read?.device.created_at.getTime() ?? 0))).toBeLessThan(10_000);
    for (const wrong of [code.slice(0, -1), `${code}A`, read?.device.id ?? '', '', '__proto__']) expect(await scene.devices.read(wrong)).toBeUndefined();
  });
  it('S44: let one of many parallel polls through, each device for itself', async () => {
    const scene = await make(), code = await scene.begun(60), device = await live(scene, code), other = await live(scene, await scene.begun(60));
    const polls = await Promise.all(Array.from({ length: 30 }, () => scene.devices.poll(device)));
    expect(polls.filter(Boolean).length).toBe(1);
    expect((await live(scene, code)).polled_at).toBeInstanceOf(Date);
    expect(await scene.devices.poll(other)).toBe(true);
  });
  it('let the next poll through when the interval is over', async () => {
    const scene = await make(), device = await live(scene, await scene.begun(1));
    expect(await scene.devices.poll(device)).toBe(true);
    await scene.pass(1);
    expect(await scene.devices.poll(device)).toBe(true);
  });
  it('grow the interval once for all that read it as it was, to a minute at most, and measure polls by what it is now', async () => {
    const scene = await make(), code = await scene.begun(1), device = await live(scene, code);
    expect(await scene.devices.poll(device)).toBe(true);
    await Promise.all(Array.from({ length: 20 }, () => scene.devices.slowDown(device)));
    expect((await live(scene, code)).interval).toBe(6);
    for (let i = 0; i < 20; i++) await scene.devices.slowDown(await live(scene, code));
    const { interval } = await live(scene, code);
    expect([interval >= 60, interval < 66]).toEqual([true, true]);
    await scene.pass(1);
    expect(await scene.devices.poll(device)).toBe(false);
  });
  it('note the first answer, and no later one', async () => {
    const scene = await make(), code = await scene.begun(5), device = await live(scene, code);
    expect(device.used_at).toBeUndefined();
    await scene.devices.use(device);
    const { used_at } = await live(scene, code);
    expect(used_at).toBeInstanceOf(Date);
    await scene.pass(1);
    await scene.devices.use(device);
    expect((await live(scene, code)).used_at).toEqual(used_at);
  });
}
