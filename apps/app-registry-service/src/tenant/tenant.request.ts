import { z } from 'zod';
import { flag, future, wholeNumber } from '../request-fields';

const MIN_ACCESS_TOKEN_SECONDS = 60;
const MIN_REFRESH_TOKEN_SECONDS = 300, MAX_REFRESH_TOKEN_SECONDS = 366 * 86_400;

/** What a tenant is asked to become; `null` takes the end of a switch away, what is absent stays. Durations are seconds. */
export interface TenantChange {
  readonly password_grant?: boolean;
  readonly password_grant_until?: Date | null;
  readonly implicit_grant?: boolean;
  readonly implicit_grant_until?: Date | null;
  readonly api_application?: boolean;
  readonly access_token_ttl_seconds?: number;
  readonly refresh_token_ttl_seconds?: number;
}

/** Parses the body of a change, within what the deployment allows. @throws ZodError - naming the field */
export class TenantRequests {
  private readonly body;

  constructor(longestAccessTokenSeconds: number, now: () => Date) {
    const until = future(now).nullable().exactOptional();
    this.body = z.strictObject({
      password_grant: flag.exactOptional(), password_grant_until: until, implicit_grant: flag.exactOptional(), implicit_grant_until: until,
      api_application: flag.exactOptional(),
      access_token_ttl_seconds: wholeNumber(MIN_ACCESS_TOKEN_SECONDS, longestAccessTokenSeconds).exactOptional(),
      refresh_token_ttl_seconds: wholeNumber(MIN_REFRESH_TOKEN_SECONDS, MAX_REFRESH_TOKEN_SECONDS).exactOptional(),
    });
  }

  changeOf(body: unknown): TenantChange { return this.body.parse(body); }
}
