import type { AccessLevel } from '@strowger/oauth-core/facts';

/** A module of the PBX: what a read shows, what a write changes, and the access level that the write needs. */
interface PbxModule {
  readonly name: string;
  readonly read: string;
  readonly write: string;
  readonly level: AccessLevel;
  /** What level `call_api` may delete where the module's other writes need level `all`. */
  readonly deletes?: string;
}
/** A scope of the PBX's APIs, as the catalogue shows it. */
export interface PbxScope { readonly scope: string; readonly description: string; readonly access_level: AccessLevel }

/**
 * The modules of a FreePBX-like system (seed 004). Level `call_api` may write what belongs to the handling of calls: event
 * handlers, call control, callback, faxes, and the deletion of recordings and voicemail (seed 001); the rest is configuration.
 */
const modules: readonly PbxModule[] = [
  { name: 'callforward', read: 'See call forwarding', write: 'Change call forwarding', level: 'all' },
  { name: 'calllog', read: 'See the call log', write: 'Delete entries of the call log', level: 'all' },
  { name: 'calls', read: 'See the calls in progress', write: 'Start and end calls, and request a callback', level: 'call_api' },
  { name: 'eventhandlers', read: 'See the handlers of call events', write: 'Add, change and remove handlers of call events', level: 'call_api' },
  { name: 'extensions', read: 'See extensions', write: 'Add, change and remove extensions', level: 'all' },
  { name: 'faxes', read: 'See faxes', write: 'Send, cancel and repeat faxes, and delete incoming ones', level: 'call_api' },
  { name: 'recordings', read: 'See and download call recordings', write: 'Change what is recorded', level: 'all', deletes: 'Delete call recordings' },
  { name: 'switchboards', read: 'See switchboards', write: 'Change switchboards', level: 'all' },
  { name: 'user', read: 'See one\'s own user of the PBX', write: 'Change one\'s own user of the PBX', level: 'all' },
  { name: 'voicemail', read: 'See and listen to voicemail', write: 'Change the settings of a mailbox', level: 'all', deletes: 'Delete voicemail' },
];

const scopesOf = (type: 'rest' | 'gql', { name, read, write, level, deletes }: PbxModule): PbxScope[] => [
  { scope: `${type}:${name}:read`, description: read, access_level: 'call_api' }, { scope: `${type}:${name}:write`, description: write, access_level: level },
  ...(deletes === undefined ? [] : [{ scope: `${type}:${name}:write:delete`, description: deletes, access_level: 'call_api' as const }]),
];

/** All scopes of the PBX's APIs, `rest:callforward:read` to `gql:voicemail:write:delete`. */
export const pbxScopes: readonly PbxScope[] = modules.flatMap(module => [...scopesOf('rest', module), ...scopesOf('gql', module)]);

const byName = new Map(pbxScopes.map(one => [one.scope, one]));

/**
 * The entry of a scope that a route or field names.
 * @throws Error - there is none
 */
export function pbxScope(scope: string): PbxScope {
  const found = byName.get(scope);
  if (!found) throw new Error(`${scope} is not a scope of the PBX`);
  return found;
}
