import { createHash, randomBytes } from 'node:crypto';
import { mongo } from 'mongoose';
import { DeviceAuthorizationFacts, EARLY_SHARE, LONGEST_INTERVAL_SECONDS, newUserCode, SLOW_DOWN_SECONDS } from '@strowger/oauth-core/device-authorization';
import { ApplicationFacts, TenantFacts } from '@strowger/oauth-core/facts';
import { DeviceAuthorizationAt, DeviceAuthorizations, Origin } from '@strowger/oauth-core/ports';
import { Database } from '../database';
import { DEVICE_AUTHORIZATIONS, DeviceAuthorizationDocument } from './device-authorizations.schema';

const CODE_BYTES = 32, DUPLICATE_KEY = 11000, TRIES = 5;

/** How long a person has, and how long a device waits between two polls, to begin with. Seconds. */
export interface DeviceWindows { readonly lifetimeSeconds: number; readonly intervalSeconds: number }
/** What a device is told (RFC 8628 §3.2). */
export interface BegunDevice { readonly device_code: string; readonly user_code: string; readonly expires_in: number; readonly interval: number }

const hashOf = (deviceCode: string): string => createHash('sha256').update(deviceCode).digest('base64url');

/** Device authorizations as the device sees them, in MongoDB. */
export class DeviceAuthorizationsStore extends DeviceAuthorizations {
  constructor(private readonly database: Database, private readonly windows: DeviceWindows) { super(); }

  /** Begins one under a user code that no other has. */
  async begin(application: ApplicationFacts, tenant: TenantFacts, scope: string, { ip }: Origin): Promise<BegunDevice> {
    const { lifetimeSeconds, intervalSeconds } = this.windows, device_code = randomBytes(CODE_BYTES).toString('base64url');
    for (let tries = 1; ; tries++) {
      const now = new Date(), user_code = newUserCode();
      try {
        await this.collection().insertOne({
          _id: hashOf(device_code), tenant_id: tenant.id, version: 1, application_id: application.id, user_code, scope,
          sign_out_versions: { tenant: tenant.sign_out_version, application: application.sign_out_version }, status: 'pending', interval: intervalSeconds, ip,
          created_at: now, expires_at: new Date(now.getTime() + lifetimeSeconds * 1000),
        });
        return { device_code, user_code, expires_in: lifetimeSeconds, interval: intervalSeconds };
      } catch (error) {
        if (!(error instanceof mongo.MongoServerError && error.code === DUPLICATE_KEY) || tries === TRIES) throw error;
      }
    }
  }

  override async read(deviceCode: string): Promise<DeviceAuthorizationAt | undefined> {
    const [found] = await this.collection().aggregate<DeviceAuthorizationDocument & { now: Date }>([{ $match: { _id: hashOf(deviceCode) } }, { $set: { now: '$$NOW' } }]).toArray();
    if (!found) return undefined;
    const { now, ...device } = found;
    return { device: deviceOf(device), now };
  }

  override async poll({ id }: DeviceAuthorizationFacts): Promise<boolean> {
    const since = { $subtract: ['$$NOW', { $multiply: ['$interval', 1000 * (1 - EARLY_SHARE)] }] };
    const { modifiedCount } = await this.collection().updateOne(
      { _id: id, $expr: { $or: [{ $eq: [{ $type: '$polled_at' }, 'missing'] }, { $lte: ['$polled_at', since] }] } }, { $currentDate: { polled_at: true } },
    );
    return modifiedCount === 1;
  }

  override async slowDown({ id, interval }: DeviceAuthorizationFacts): Promise<void> {
    if (interval < LONGEST_INTERVAL_SECONDS) await this.collection().updateOne({ _id: id, interval }, { $inc: { interval: SLOW_DOWN_SECONDS } });
  }

  override async use({ id }: DeviceAuthorizationFacts): Promise<void> {
    await this.collection().updateOne({ _id: id, used_at: { $exists: false } }, { $currentDate: { used_at: true } });
  }

  private collection() { return this.database.collection<DeviceAuthorizationDocument>(DEVICE_AUTHORIZATIONS); }
}

/** A stored one as it is judged. */
export const deviceOf = ({ _id, ...rest }: DeviceAuthorizationDocument): DeviceAuthorizationFacts => ({ id: _id, ...rest });
