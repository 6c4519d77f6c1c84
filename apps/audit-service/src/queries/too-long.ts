import { ApiError, unavailable } from '@strowger/auth/api-error';

/** MongoDB's MaxTimeMSExpired. */
const TIME_EXPIRED = 50;

/** The answer to a query that the database gave up; undefined for any other error. */
export const tooLong = (error: unknown): ApiError | undefined =>
  error instanceof Error && 'code' in error && error.code === TIME_EXPIRED ? unavailable('the query took too long: narrow the time with from and to', error) : undefined;
