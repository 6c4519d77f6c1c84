import { ApiError } from './api-error';
import { bearerToken } from './bearer-token';

const of = (headers: Record<string, string>, more: { query?: unknown; body?: unknown; rawHeaders?: string[] } = {}): string | [number, string] => {
  try {
    return bearerToken({ headers, query: more.query ?? {}, body: more.body, raw: { rawHeaders: more.rawHeaders ?? Object.entries(headers).flat() } });
  } catch (error) {
    if (error instanceof ApiError) return [error.httpStatus, error.error];
    throw error;
  }
};

describe('bearerToken', () => {
  it('takes the token from the Authorization header, whatever the case of the scheme', () => {
    expect(of({ authorization: 'Bearer abc.DEF_1-2~3+4/5==' })).toBe('abc.DEF_1-2~3+4/5==');
    expect(of({ authorization: 'bEARER abc' })).toBe('abc');
    expect(of({ authorization: `Bearer ${'a'.repeat(15_000)}` })).toHaveLength(15_000);
  });
  it('S71: no token, or another scheme, is 401 without an error code', () => {
    expect(of({})).toEqual([401, 'invalid_request']);
    expect(of({ authorization: 'Basic YTpi' })).toEqual([401, 'invalid_request']);
    expect(of({ authorization: 'Bearerabc' })).toEqual([401, 'invalid_request']);
  });
  it('S71: refuses a token in the query or in the body, alone or beside the header', () => {
    for (const headers of [{}, { authorization: 'Bearer abc' }]) {
      expect(of(headers, { query: { access_token: 'abc' } })).toEqual([400, 'invalid_request']);
      expect(of(headers, { body: { access_token: 'abc' } })).toEqual([400, 'invalid_request']);
    }
    expect(of({ authorization: 'Bearer abc' }, { query: Object.create({ access_token: 'abc' }), body: 'text' })).toBe('abc');
  });
  it('S71: refuses two Authorization headers', () => {
    expect(of({ authorization: 'Bearer abc' }, { rawHeaders: ['Authorization', 'Bearer abc', 'host', 'authorization', 'AUTHORIZATION', 'Bearer def'] })).toEqual([400, 'invalid_request']);
  });
  it.each(['Bearer', 'Bearer ', 'Bearer a b', 'Bearer a,b', 'Bearer é', 'Bearer =', 'Bearer a=b', `Bearer ${'a'.repeat(16_384)}`])('answers invalid_token for %p without asking anybody', authorization => {
    expect(of({ authorization })).toEqual([401, 'invalid_token']);
  });
});
