import { ApiError, unavailable } from '@strowger/auth/api-error';

/** MongoDB's MaxTimeMSExpired. */
const TIME_EXPIRED = 50;

/** Whether the database gave a query up because of the time it took. */
export const isTooLong = (error: unknown): boolean => error instanceof Error && 'code' in error && error.code === TIME_EXPIRED;

/** The answer to a query that the database gave up; undefined for any other error. */
export const tooLong = (error: unknown): ApiError | undefined =>
  isTooLong(error) ? unavailable('the query took too long: narrow the time with from and to', error) : undefined;
