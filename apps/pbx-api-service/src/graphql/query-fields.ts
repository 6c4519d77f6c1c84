import { z } from 'zod';
import { forwardsShown } from '../callforward/call-forwarding';
import { CallLogQuery } from '../calllog/call-log.shapes';
import { CallQuery } from '../calls/call.shapes';
import { callShown } from '../calls/calls';
import { EventHandlerQuery } from '../eventhandlers/event-handler.shapes';
import { ExtensionQuery } from '../extensions/extension.shapes';
import { extensionShown } from '../extensions/extensions';
import { FaxQuery } from '../faxes/fax.shapes';
import { faxShown } from '../faxes/faxes';
import { RecordingQuery } from '../recordings/recording.shapes';
import { ruleShown } from '../recordings/recordings';
import { NoQuery, PageQuery } from '../request-fields';
import { shown, shownPage } from '../shown';
import { mailboxShown } from '../voicemail/voicemail';
import { VoicemailQuery } from '../voicemail/voicemail.shapes';
import { PbxFields, root } from './schema-parts';

export const WithId = z.strictObject({ id: z.string() });
export const OfExtension = z.strictObject({ extension: z.string() });
const said = (module: string, description: string, object: string) => ({ scope: `gql:${module}:read`, description, type: { object } });
const page = (module: string, description: string, item: string) => ({ scope: `gql:${module}:read`, description, type: { pageOf: item } });

/** What can be asked. */
export const queryFields: PbxFields = {
  granted_scopes: root({ description: 'The scopes of this API that the token has, after every bound', type: 'strings' }, NoQuery, ({ grantedScopes }) => grantedScopes),
  extensions: root(page('extensions', 'Extensions, by number', 'Extension'), ExtensionQuery, async ({ does, reach }, args) => shownPage(await does.extensions.page(reach, args), extensionShown)),
  extension: root(said('extensions', 'One extension', 'Extension'), WithId, async ({ does, reach }, { id }) => extensionShown(await does.extensions.one(reach, id))),
  call_forwards: root(page('callforward', 'The call forwarding of all extensions', 'CallForwards'), PageQuery, async ({ does, reach }, args) => shownPage(await does.extensions.page(reach, args), forwardsShown)),
  call_forward: root(said('callforward', 'The call forwarding of an extension', 'CallForwards'), OfExtension, async ({ does, reach }, { extension }) => forwardsShown(await does.extensions.one(reach, extension))),
  call_log: root(page('calllog', 'The call log, newest first', 'CallLogEntry'), CallLogQuery, async ({ does, reach }, args) => shownPage(await does.callLog.page(reach, args), shown)),
  call_log_entry: root(said('calllog', 'A call that is over', 'CallLogEntry'), WithId, async ({ does, reach }, { id }) => shown(await does.callLog.one(reach, id))),
  calls: root(page('calls', 'Calls in progress, newest first', 'Call'), CallQuery, async ({ does, reach, now }, args) => shownPage(await does.calls.page(reach, args), call => callShown(call, now))),
  call: root(said('calls', 'A call in progress', 'Call'), WithId, async ({ does, reach, now }, { id }) => callShown(await does.calls.one(reach, id), now)),
  voicemail: root(page('voicemail', 'Messages, newest first', 'VoicemailMessage'), VoicemailQuery, async ({ does, reach }, args) => shownPage(await does.voicemail.page(reach, args), shown)),
  voicemail_message: root(said('voicemail', 'A message', 'VoicemailMessage'), WithId, async ({ does, reach }, { id }) => shown(await does.voicemail.one(reach, id))),
  mailbox: root(said('voicemail', 'The settings of an extension\'s mailbox', 'Mailbox'), OfExtension, async ({ does, reach }, { extension }) => mailboxShown(await does.extensions.one(reach, extension))),
  recordings: root(page('recordings', 'Recordings, newest first', 'Recording'), RecordingQuery, async ({ does, reach }, args) => shownPage(await does.recordings.page(reach, args), shown)),
  recording: root(said('recordings', 'A recording', 'Recording'), WithId, async ({ does, reach }, { id }) => shown(await does.recordings.one(reach, id))),
  recording_rule: root(said('recordings', 'Which calls of an extension are recorded', 'RecordingRule'), OfExtension, async ({ does, reach }, { extension }) => ruleShown(await does.extensions.one(reach, extension))),
  faxes: root(page('faxes', 'Faxes, newest first', 'Fax'), FaxQuery, async ({ does, reach, now }, args) => shownPage(await does.faxes.page(reach, args), fax => faxShown(fax, now))),
  fax: root(said('faxes', 'A fax', 'Fax'), WithId, async ({ does, reach, now }, { id }) => faxShown(await does.faxes.one(reach, id), now)),
  switchboards: root(page('switchboards', 'Switchboards', 'Switchboard'), PageQuery, async ({ does, reach }, args) => shownPage(await does.switchboards.page(reach, args), shown)),
  switchboard: root(said('switchboards', 'A switchboard', 'Switchboard'), WithId, async ({ does, reach }, { id }) => shown(await does.switchboards.one(reach, id))),
  event_handlers: root(page('eventhandlers', 'Handlers of events, newest first', 'EventHandler'), EventHandlerQuery, async ({ does, reach }, args) => shownPage(await does.eventHandlers.page(reach, args), shown)),
  event_handler: root(said('eventhandlers', 'A handler', 'EventHandler'), WithId, async ({ does, reach }, { id }) => shown(await does.eventHandlers.one(reach, id))),
  user: root(said('user', 'Who the token speaks for', 'PbxUser'), NoQuery, ({ does, reach }) => does.users.self(reach)),
};
