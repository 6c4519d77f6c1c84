import { IndexSpec } from '../database';

/**
 * What a PBX keeps, one collection a kind. Every `_id` is `<tenant>/<id>`: an id is unique within its tenant only, and a query that
 * forgot the tenant would find nothing.
 */
export interface PbxDocument { _id: string; tenant_id: string; version: number }

export const forwardConditions = ['unconditional', 'busy', 'no_answer'] as const;
export type ForwardCondition = (typeof forwardConditions)[number];
/** Where calls go instead; `after_seconds` of ringing counts for `no_answer` alone. */
export interface CallForward { target: string; enabled: boolean; after_seconds?: number }
export const recordingModes = ['none', 'inbound', 'outbound', 'all'] as const;
export type RecordingMode = (typeof recordingModes)[number];

/** An extension; its id is its number. */
export interface ExtensionDocument extends PbxDocument {
  name: string;
  department: string;
  email?: string;
  call_forward: Partial<Record<ForwardCondition, CallForward>>;
  mailbox: { enabled: boolean; notify_email?: string };
  record: RecordingMode;
}

export const callDirections = ['inbound', 'outbound', 'internal'] as const;
export const callResults = ['answered', 'missed', 'busy', 'failed', 'voicemail', 'cancelled'] as const;
/** A call that is over. `extensions`: those of the PBX that took part in it. Its id tells when it began. */
export interface CallLogDocument extends PbxDocument {
  direction: (typeof callDirections)[number];
  result: (typeof callResults)[number];
  from: string;
  to: string;
  extensions: string[];
  /** Through which it came in. */
  switchboard?: string;
  started_at: Date;
  answered_at?: Date;
  ended_at: Date;
  /** Of the conversation. */
  duration_seconds: number;
  recording?: string;
}

/** A callback that somebody asked for, while the switch has it: it rings the extension, then `to`. How far it is follows from the time. */
export interface CallDocument extends PbxDocument { extension: string; to: string; started_at: Date; requested_by: string }

export interface VoicemailDocument extends PbxDocument { extension: string; from: string; received_at: Date; duration_seconds: number; heard: boolean }
/** `call` is the id in the call log. */
export interface RecordingDocument extends PbxDocument { extension: string; call: string; from: string; to: string; recorded_at: Date; duration_seconds: number }

/** A fax. Of one that goes out `began_at` is when the switch took it up last; how far it is follows from the time. */
export interface FaxDocument extends PbxDocument {
  direction: 'inbound' | 'outbound';
  extension: string;
  from: string;
  to: string;
  pages: number;
  created_at: Date;
  began_at: Date;
  attempts: number;
  cancelled_at?: Date;
}

/** A reception: calls to its number ring its members. */
export interface SwitchboardDocument extends PbxDocument { name: string; number: string; members: string[]; open: boolean }

export const handledEvents = ['call.started', 'call.answered', 'call.ended', 'voicemail.received', 'fax.received'] as const;
/** Where an event of the PBX is to be told of. */
export interface EventHandlerDocument extends PbxDocument { event: (typeof handledEvents)[number]; url: string; extension?: string; created_at: Date; created_by: string }

/** The document of each collection. */
export interface PbxCollections {
  pbx_extensions: ExtensionDocument;
  pbx_call_log: CallLogDocument;
  pbx_calls: CallDocument;
  pbx_voicemail: VoicemailDocument;
  pbx_recordings: RecordingDocument;
  pbx_faxes: FaxDocument;
  pbx_switchboards: SwitchboardDocument;
  pbx_event_handlers: EventHandlerDocument;
}

const ofExtension: readonly IndexSpec[] = [{ key: { tenant_id: 1, extension: 1, _id: -1 } }];
/** The indexes besides those of the ids, by which every list is in order and within its tenant. */
export const pbxIndexes: Readonly<Record<keyof PbxCollections, readonly IndexSpec[]>> = {
  pbx_extensions: [], pbx_switchboards: [], pbx_calls: ofExtension, pbx_voicemail: ofExtension, pbx_recordings: ofExtension, pbx_faxes: ofExtension, pbx_event_handlers: ofExtension,
  pbx_call_log: [{ key: { tenant_id: 1, extensions: 1, _id: -1 } }],
};
