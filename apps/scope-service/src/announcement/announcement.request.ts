import { ScopeAnnouncement } from '@strowger/contracts/scope-announcement';
import { RpcError } from '@strowger/messaging/rpc-error';

/** Mistakes that one answer names; who mends them sees the rest. */
const NAMED = 5, MAX_MESSAGE = 300;

/**
 * The body of an announcement. One that is not of the shape is refused whole, and nothing changes: half an announcement would withdraw the other half.
 * @throws RpcError invalid_request - naming where it is wrong and what would do, and nothing of what was sent
 */
export function announcementOf(body: unknown): ScopeAnnouncement {
  const parsed = ScopeAnnouncement.safeParse(body);
  if (parsed.success) return parsed.data;
  const { issues } = parsed.error;
  const named = issues.slice(0, NAMED).map(({ path, message, code }) => `${placeOf(path)}: ${code === 'unrecognized_keys' ? 'a field that there is not' : message.slice(0, MAX_MESSAGE)}`);
  throw new RpcError('invalid_request', `${named.join('; ')}${issues.length > NAMED ? `; and ${String(issues.length - NAMED)} more` : ''}`);
}

const placeOf = (path: readonly PropertyKey[]): string => path.reduce<string>((text, part) => typeof part === 'number' ? `${text}[${String(part)}]` : `${text}${text === '' ? '' : '.'}${String(part)}`, '') || 'the body';
