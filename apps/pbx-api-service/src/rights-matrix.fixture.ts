import { idOf } from '@strowger/models/pbx/pbx-records.store';
import { PbxScene, Who } from './pbx-scene.fixture';

const TENANT = 'tenant-a';
const of = (name: string, more: Partial<Who> = {}): Who => ({ sub: `${name}-${TENANT}`, ...more });

/** Who reaches her own things, and the seven who must not reach what is not theirs (S64). */
export const victim = of('alice');
export const administrator = of('admin', { role: 'administrator' });
export const others = {
  'other tenant': { sub: 'admin-tenant-b', tenant_id: 'tenant-b', role: 'administrator' },
  'other user': of('bob'),
  'read_only': of('alice', { read_only: true }),
  'read_only administrator': of('admin', { role: 'administrator', read_only: true }),
  'call_api application': of('admin', { role: 'administrator', access_level: 'call_api' }),
  'no impersonation': of('access', { account_kind: 'api_access' }),
  'auditor': of('auditor', { role: 'auditor' }),
  'anonymous': undefined,
} satisfies Record<string, Who | undefined>;
export type Other = keyof typeof others;

/** One of each of the victim's things, by the name that a route's parameter or a field's argument has for it. */
export interface VictimsThings { readonly ids: Readonly<Record<string, string>>; readonly all: ReadonlySet<string> }

/** Makes sure that alice has one of everything, and says what is hers. */
export async function victimsThings({ pbx }: PbxScene): Promise<VictimsThings> {
  const at = new Date(), own = { extension: '101' };
  // It begins in an hour: so it does not end by itself while the test looks.
  await pbx.calls.insert(TENANT, 'alices-call', { ...own, to: '+442079460001', started_at: new Date(at.getTime() + 3_600_000), requested_by: 'alice' });
  await pbx.voicemail.insert(TENANT, 'alices-message', { ...own, from: '+442079460002', received_at: at, duration_seconds: 1, heard: false });
  await pbx.recordings.insert(TENANT, 'alices-recording', { ...own, call: 'alices-log', from: '101', to: '+442079460003', recorded_at: at, duration_seconds: 1 });
  await pbx.callLog.insert(TENANT, 'zzalices-log', {
    direction: 'inbound', result: 'answered', from: '+442079460004', to: '101', extensions: ['101'], switchboard: 'main', started_at: at, answered_at: at, ended_at: at, duration_seconds: 1, recording: 'alices-recording',
  });
  await pbx.faxes.insert(TENANT, 'alices-fax', { ...own, direction: 'inbound', from: '+442079460005', to: '101', pages: 1, created_at: at, began_at: at, attempts: 1 });
  await pbx.eventHandlers.insert(TENANT, 'alices-handler', { ...own, event: 'call.ended', url: 'https://example.com/alice', created_at: at, created_by: 'alice' });
  const all = new Set<string>(['Alice of tenant-a']), hers = { oneOf: { extension: ['101'] } };
  for await (const page of pbx.callLog.pages(TENANT, { oneOf: { extensions: ['101'] } })) for (const call of page) if (call.extensions.length === 1) all.add(idOf(call));
  for (const kind of [pbx.calls, pbx.voicemail, pbx.recordings, pbx.faxes, pbx.eventHandlers]) for await (const page of kind.pages(TENANT, hers)) for (const one of page) all.add(idOf(one));
  return {
    ids: { extension: '101', condition: 'busy', call: 'alices-call', calllog: 'zzalices-log', message: 'alices-message', recording: 'alices-recording', fax: 'alices-fax', switchboard: 'main', handler: 'alices-handler' }, all,
  };
}

/** A value for every field that a body or an argument may have. */
export const samples: Readonly<Record<string, unknown>> = {
  id: '177', name: 'Somebody', department: 'Somewhere', email: 'somebody@example.com', target: '+442079460006', enabled: true, to: '+442079460007', extension: '101', text: 'Good morning', open: true,
  members: ['101'], event: 'call.started', url: 'https://example.com/hook', record: 'all', notify_email: 'mail@example.com', condition: 'busy', heard: true, direction: 'inbound', result: 'missed',
};

/** The things of alice's that stand in a text. */
export const leakedIn = (text: string, { all }: VictimsThings): string[] => [...all].filter(mark => text.includes(mark));
