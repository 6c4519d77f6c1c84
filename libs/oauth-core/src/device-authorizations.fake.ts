import { createHash } from 'node:crypto';
import { DeviceAuthorizationFacts, EARLY_SHARE, LONGEST_INTERVAL_SECONDS, SLOW_DOWN_SECONDS } from './device-authorization';
import { DeviceAuthorizationAt, DeviceAuthorizations } from './ports';

/** Device authorizations in memory, by a clock that the test moves. */
export class InMemoryDeviceAuthorizations extends DeviceAuthorizations {
  readonly devices = new Map<string, DeviceAuthorizationFacts>();

  constructor(private readonly now: () => Date) { super(); }

  override read(deviceCode: string): Promise<DeviceAuthorizationAt | undefined> {
    const device = this.devices.get(createHash('sha256').update(deviceCode).digest('base64url'));
    return Promise.resolve(device && { device, now: this.now() });
  }

  override poll({ id }: DeviceAuthorizationFacts): Promise<boolean> {
    const found = this.devices.get(id), now = this.now();
    if (!found || (found.polled_at && now.getTime() - found.polled_at.getTime() < found.interval * 1000 * (1 - EARLY_SHARE))) return Promise.resolve(false);
    this.devices.set(id, { ...found, polled_at: now });
    return Promise.resolve(true);
  }

  override slowDown({ id, interval }: DeviceAuthorizationFacts): Promise<void> {
    const found = this.devices.get(id);
    if (found?.interval === interval && interval < LONGEST_INTERVAL_SECONDS) this.devices.set(id, { ...found, interval: interval + SLOW_DOWN_SECONDS });
    return Promise.resolve();
  }

  override use({ id }: DeviceAuthorizationFacts): Promise<void> {
    const found = this.devices.get(id);
    if (found && !found.used_at) this.devices.set(id, { ...found, used_at: this.now() });
    return Promise.resolve();
  }
}
