import { randomInt } from 'node:crypto';

/** Seconds between two polls of a device, to begin with (RFC 8628 §3.2). */
export const DEVICE_INTERVAL_SECONDS = 5;
/** How long a person has for the code (RFC 8628 §3.2 `expires_in`). */
export const DEVICE_CODE_SECONDS = 600;
/** For so long after its first answer a device that never got it is answered again. */
export const DEVICE_GRACE_SECONDS = 60;
/** By so much the interval grows with each poll that came too early (RFC 8628 §3.5), up to the longest. */
export const SLOW_DOWN_SECONDS = 5, LONGEST_INTERVAL_SECONDS = 60;
/** A poll may come by so much of the interval early: networks are not even. */
export const EARLY_SHARE = 0.2;

/** A device that asks for a person's yes (RFC 8628). Times are the database's but for `created_at` and `expires_at`. */
export interface DeviceAuthorizationFacts {
  /** SHA-256 of the device code, base64url: who reads the database has no device code. */
  readonly id: string;
  readonly tenant_id: string;
  readonly version: number;
  readonly application_id: string;
  /** Nine digits. */
  readonly user_code: string;
  /** What the application may be granted at most. */
  readonly scope: string;
  /** `sign_out_version`s it began under; with an older one it is dead. */
  readonly sign_out_versions: { readonly tenant: number; readonly application: number };
  readonly status: 'pending' | 'approved' | 'denied';
  /** Seconds between two polls, now. */
  readonly interval: number;
  readonly polled_at?: Date;
  /** Since somebody approved: the grant that it is answered from, and when that was done first. */
  readonly grant_id?: string;
  readonly used_at?: Date;
  /** Where the device asked from. */
  readonly ip: string;
  readonly created_at: Date;
  readonly expires_at: Date;
}

const DIGITS = 9, GROUP = 3;

/** A new user code: nine random digits, which every keypad has. */
export const newUserCode = (): string => String(randomInt(10 ** DIGITS)).padStart(DIGITS, '0');

/** The code as people read it: `123-456-789`. */
export const shownUserCode = (code: string): string => (code.match(new RegExp(`.{1,${String(GROUP)}}`, 'g')) ?? []).join('-');

/** The code that somebody typed, in whatever groups and digits; undefined where it is none. */
export function userCodeOf(typed: string | undefined): string | undefined {
  const digits = (typed ?? '').normalize('NFKC').replace(/[\s\p{Pd}._]/gu, '');
  return digits.length === DIGITS && /^[0-9]+$/.test(digits) ? digits : undefined;
}

/** What becomes of the use of an approved code by the device that it was made for: the first answer, that answer again because it was lost, or a replay. */
export function judgeDeviceAnswer({ used_at }: Pick<DeviceAuthorizationFacts, 'used_at'>, refreshed: boolean, now: Date, graceSeconds: number): 'first' | 'again' | 'replayed' {
  if (!used_at) return 'first';
  return !refreshed && now.getTime() - used_at.getTime() < graceSeconds * 1000 ? 'again' : 'replayed';
}
