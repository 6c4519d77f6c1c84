import { OAuthError } from '@strowger/oauth-core/oauth-error';
import { ALL, parseScope } from '@strowger/oauth-core/scope';

/**
 * The one scope that a path names.
 * @throws OAuthError invalid_scope - bad syntax; invalid_request - `all`, none, or several
 */
export function scopeNamed(text: string): string {
  const [scope, ...more] = parseScope(text);
  if (scope === undefined || scope === ALL || more.length > 0) throw new OAuthError('invalid_request', 'the path names one scope, such as rest:callforward:write');
  return scope;
}
