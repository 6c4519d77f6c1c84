import { CallForwarding } from '../callforward/call-forwarding';
import { CallLog } from '../calllog/call-log';
import { Calls } from '../calls/calls';
import { EventHandlers } from '../eventhandlers/event-handlers';
import { Extensions } from '../extensions/extensions';
import { Faxes } from '../faxes/faxes';
import { Recordings } from '../recordings/recordings';
import { Switchboards } from '../switchboards/switchboards';
import { PbxUsers } from '../user/pbx-users';
import { Voicemail } from '../voicemail/voicemail';

/** All that the PBX does, for a caller's reach: the REST API's controllers use the same. */
export interface PbxUseCases {
  readonly extensions: Extensions;
  readonly callForwarding: CallForwarding;
  readonly callLog: CallLog;
  readonly calls: Calls;
  readonly voicemail: Voicemail;
  readonly recordings: Recordings;
  readonly faxes: Faxes;
  readonly switchboards: Switchboards;
  readonly eventHandlers: EventHandlers;
  readonly users: PbxUsers;
}
