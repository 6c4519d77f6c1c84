import type { ScopeDocument } from '@strowger/models/scopes/scopes.schema';
import { contains, KnownScopes, resolveScope } from '@strowger/oauth-core/scope';

type Standing = Pick<ScopeDocument, '_id' | 'status' | 'successor'>;
const named = ({ _id, successor }: Standing) => ({ scope: _id, ...(successor !== undefined && { successor }) });

/**
 * What a scope string means today, given the whole catalogue. `unknown` cannot be granted; what of it was announced once is in `withdrawn`.
 * `deprecated`: what it grants and its service has renamed.
 * @throws OAuthError invalid_scope - bad syntax
 */
export function resolvedScope(text: string, catalogue: readonly Standing[]) {
  const resolved = resolveScope(text, new KnownScopes(catalogue.filter(one => one.status !== 'withdrawn').map(one => one._id)));
  const granted = new Set(resolved.granted);
  return {
    ...resolved,
    deprecated: catalogue.filter(one => one.status === 'deprecated' && granted.has(one._id)).map(named),
    withdrawn: catalogue.filter(one => one.status === 'withdrawn' && resolved.unknown.some(scope => contains(scope, one._id))).map(named),
  };
}
