import { z } from 'zod';
import { CallForward, CallForwards } from '../callforward/call-forward.shapes';
import { forwardsShown } from '../callforward/call-forwarding';
import { CallLogEntry } from '../calllog/call-log.shapes';
import { Call } from '../calls/call.shapes';
import { EventHandler } from '../eventhandlers/event-handler.shapes';
import { Extension } from '../extensions/extension.shapes';
import { extensionShown } from '../extensions/extensions';
import { Fax } from '../faxes/fax.shapes';
import { Recording, RecordingRule } from '../recordings/recording.shapes';
import { ruleShown } from '../recordings/recordings';
import { shown } from '../shown';
import { MAX_MEMBERS, MemberState, Switchboard, SwitchboardState } from '../switchboards/switchboard.shapes';
import { PbxUser } from '../user/user.shapes';
import { mailboxShown } from '../voicemail/voicemail';
import { Mailbox, VoicemailMessage } from '../voicemail/voicemail.shapes';
import { PbxContext } from './pbx-context';
import { edge, PbxFields } from './schema-parts';

/** Of a call: who called, and who was called. */
const CALL_EXTENSIONS = 2;

/** An object of the API: the fields of its answer's schema, and those that lead to other modules. */
export interface PbxObject { readonly shape: z.ZodObject; readonly edges?: PbxFields }

const WithId = z.object({ id: z.string() }), OfExtension = z.object({ extension: z.string().optional() });
const extensionOf = async ({ extensions }: PbxContext, id: string | undefined) => {
  const found = id === undefined ? undefined : await extensions.load(id);
  return found && extensionShown(found);
};
const several = async (context: PbxContext, ids: readonly string[]) => (await Promise.all(ids.map(id => extensionOf(context, id)))).filter(one => one !== undefined);
const extensionDetails = { extension_details: edge({ scope: 'gql:extensions:read', description: 'The extension', type: { object: 'Extension', nullable: true } }, OfExtension, (context, { extension }) => extensionOf(context, extension)) };
const settingOf = <T>(show: (document: NonNullable<Awaited<ReturnType<PbxContext['extensions']['load']>>>) => T) => async (context: PbxContext, { id }: { id: string }) => {
  const found = await context.extensions.load(id);
  return found && show(found);
};

/** Every object by its name, which is its schema's too. */
export const pbxObjects: Readonly<Record<string, PbxObject>> = {
  CallForward: { shape: CallForward },
  CallForwards: { shape: CallForwards },
  Mailbox: { shape: Mailbox },
  RecordingRule: { shape: RecordingRule },
  MemberState: { shape: MemberState },
  SwitchboardState: { shape: SwitchboardState },
  Extension: {
    shape: Extension,
    edges: {
      call_forward: edge({ scope: 'gql:callforward:read', description: 'Where its calls go instead', type: { object: 'CallForwards', nullable: true } }, WithId, settingOf(forwardsShown)),
      mailbox: edge({ scope: 'gql:voicemail:read', description: 'The settings of its mailbox', type: { object: 'Mailbox', nullable: true } }, WithId, settingOf(mailboxShown)),
      recording_rule: edge({ scope: 'gql:recordings:read', description: 'Which of its calls are recorded', type: { object: 'RecordingRule', nullable: true } }, WithId, settingOf(ruleShown)),
    },
  },
  CallLogEntry: {
    shape: CallLogEntry,
    edges: {
      extension_details: edge({ scope: 'gql:extensions:read', description: 'Its extensions that are within reach', type: { listOf: 'Extension', atMost: CALL_EXTENSIONS } }, z.object({ extensions: z.array(z.string()) }), (context, { extensions }) => several(context, extensions)),
      recording_details: edge({ scope: 'gql:recordings:read', description: 'Its recording', type: { object: 'Recording', nullable: true } }, z.object({ recording: z.string().optional() }), async (context, { recording }) => {
        const found = recording === undefined ? undefined : await context.recordings.load(recording);
        return found && shown(found);
      }),
      switchboard_details: edge({ scope: 'gql:switchboards:read', description: 'The switchboard through which it came', type: { object: 'Switchboard', nullable: true } }, z.object({ switchboard: z.string().optional() }), async (context, { switchboard }) => {
        const found = switchboard === undefined ? undefined : await context.switchboards.load(switchboard);
        return found && shown(found);
      }),
    },
  },
  Call: { shape: Call, edges: extensionDetails },
  VoicemailMessage: { shape: VoicemailMessage, edges: extensionDetails },
  Recording: {
    shape: Recording,
    edges: {
      ...extensionDetails,
      call_details: edge({ scope: 'gql:calllog:read', description: 'The call', type: { object: 'CallLogEntry', nullable: true } }, z.object({ call: z.string() }), async (context, { call }) => {
        const found = await context.callLog.load(call);
        return found && shown(found);
      }),
    },
  },
  Fax: { shape: Fax, edges: extensionDetails },
  Switchboard: {
    shape: Switchboard,
    edges: {
      member_details: edge({ scope: 'gql:extensions:read', description: 'Its members that are within reach', type: { listOf: 'Extension', atMost: MAX_MEMBERS } }, z.object({ members: z.array(z.string()) }), (context, { members }) => several(context, members)),
      state: edge({ scope: 'gql:switchboards:read', description: 'What happens at it now', type: { object: 'SwitchboardState', nullable: true } }, WithId, async (context, { id }) => {
        const found = await context.switchboards.load(id);
        return found && context.states.load(found);
      }),
    },
  },
  EventHandler: { shape: EventHandler, edges: extensionDetails },
  PbxUser: { shape: PbxUser },
};
