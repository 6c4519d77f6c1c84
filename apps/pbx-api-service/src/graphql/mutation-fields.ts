import { z } from 'zod';
import { CallForwardSetting, ForwardConditionName } from '../callforward/call-forward.shapes';
import { forwardsShown } from '../callforward/call-forwarding';
import { NewCall } from '../calls/call.shapes';
import { callShown } from '../calls/calls';
import { EventHandlerChange, NewEventHandler } from '../eventhandlers/event-handler.shapes';
import { ExtensionChange, NewExtension } from '../extensions/extension.shapes';
import { extensionShown } from '../extensions/extensions';
import { NewFax } from '../faxes/fax.shapes';
import { faxShown } from '../faxes/faxes';
import { RecordingRuleSetting } from '../recordings/recording.shapes';
import { ruleShown } from '../recordings/recordings';
import { shown } from '../shown';
import { SwitchboardChange } from '../switchboards/switchboard.shapes';
import { PbxUserChange } from '../user/user.shapes';
import { mailboxShown } from '../voicemail/voicemail';
import { MailboxSetting } from '../voicemail/voicemail.shapes';
import { OfExtension, WithId } from './query-fields';
import { PbxFields, root } from './schema-parts';

const writes = (module: string, description: string, object: string) => ({ scope: `gql:${module}:write`, description, type: { object } });
const removes = (module: string, description: string, sub = '') => ({ scope: `gql:${module}:write${sub}`, description, type: 'boolean' as const });
const done = async (work: Promise<unknown>): Promise<true> => { await work; return true; };
const OfCondition = z.strictObject({ extension: z.string(), condition: ForwardConditionName });

/** What can be changed: the same that the REST API's writes change, under the same bounds. */
export const mutationFields: PbxFields = {
  add_extension: root(writes('extensions', 'Add an extension', 'Extension'), NewExtension, async ({ does, reach }, args) => extensionShown(await does.extensions.add(reach, args))),
  change_extension: root(writes('extensions', 'Change an extension', 'Extension'), WithId.extend(ExtensionChange.shape), async ({ does, reach }, { id, ...changes }) => extensionShown(await does.extensions.change(reach, id, changes))),
  remove_extension: root(removes('extensions', 'Remove an extension'), WithId, ({ does, reach }, { id }) => done(does.extensions.remove(reach, id))),
  set_call_forward: root(writes('callforward', 'Forward calls', 'CallForwards'), OfCondition.extend(CallForwardSetting.shape), async ({ does, reach }, { extension, condition, ...setting }) => forwardsShown(await does.callForwarding.set(reach, extension, condition, setting))),
  clear_call_forward: root(writes('callforward', 'Forward calls no longer', 'CallForwards'), OfCondition, async ({ does, reach }, { extension, condition }) => forwardsShown(await does.callForwarding.clear(reach, extension, condition))),
  delete_call_log_entry: root(removes('calllog', 'Delete a call from the log'), WithId, ({ does, reach }, { id }) => done(does.callLog.remove(reach, id))),
  start_call: root(writes('calls', 'Start a callback: rings the extension, then the number', 'Call'), NewCall, async ({ does, reach, now }, args) => callShown(await does.calls.start(reach, args), now)),
  hang_up: root(removes('calls', 'Hang up'), WithId, ({ does, reach }, { id }) => done(does.calls.hangUp(reach, id))),
  set_mailbox: root(writes('voicemail', 'Set up an extension\'s mailbox', 'Mailbox'), OfExtension.extend(MailboxSetting.shape), async ({ does, reach }, { extension, ...setting }) => mailboxShown(await does.voicemail.setMailbox(reach, extension, setting))),
  delete_voicemail: root(removes('voicemail', 'Delete a message', ':delete'), WithId, ({ does, reach }, { id }) => done(does.voicemail.remove(reach, id))),
  set_recording_rule: root(writes('recordings', 'Say which calls of an extension are recorded', 'RecordingRule'), OfExtension.extend(RecordingRuleSetting.shape), async ({ does, reach }, { extension, ...rule }) => ruleShown(await does.recordings.setRule(reach, extension, rule))),
  delete_recording: root(removes('recordings', 'Delete a recording', ':delete'), WithId, ({ does, reach }, { id }) => done(does.recordings.remove(reach, id))),
  send_fax: root(writes('faxes', 'Send a text as a fax', 'Fax'), NewFax, async ({ does, reach, now }, args) => faxShown(await does.faxes.send(reach, args), now)),
  cancel_fax: root(writes('faxes', 'Cancel a fax that is on its way', 'Fax'), WithId, async ({ does, reach, now }, { id }) => faxShown(await does.faxes.cancel(reach, id), now)),
  repeat_fax: root(writes('faxes', 'Send a fax again', 'Fax'), WithId, async ({ does, reach, now }, { id }) => faxShown(await does.faxes.repeat(reach, id), now)),
  delete_fax: root(removes('faxes', 'Delete a fax that came in'), WithId, ({ does, reach }, { id }) => done(does.faxes.remove(reach, id))),
  change_switchboard: root(writes('switchboards', 'Change a switchboard', 'Switchboard'), WithId.extend(SwitchboardChange.shape), async ({ does, reach }, { id, ...changes }) => shown(await does.switchboards.change(reach, id, changes))),
  add_event_handler: root(writes('eventhandlers', 'Add a handler', 'EventHandler'), NewEventHandler, async ({ does, reach }, args) => shown(await does.eventHandlers.add(reach, args))),
  change_event_handler: root(writes('eventhandlers', 'Change a handler', 'EventHandler'), WithId.extend(EventHandlerChange.shape), async ({ does, reach }, { id, ...changes }) => shown(await does.eventHandlers.change(reach, id, changes))),
  remove_event_handler: root(removes('eventhandlers', 'Remove a handler'), WithId, ({ does, reach }, { id }) => done(does.eventHandlers.remove(reach, id))),
  change_user: root(writes('user', 'Change the own name and e-mail address', 'PbxUser'), PbxUserChange, ({ does, reach }, args) => does.users.change(reach, args)),
};
