import { Database, ensureCollections } from '../database';
import { PbxRecords } from './pbx-records.store';
import { pbxIndexes } from './pbx.schema';

/** All that the PBXs keep. Only pbx-api-service has one. */
export class PbxStore {
  readonly extensions: PbxRecords<'pbx_extensions'>;
  readonly callLog: PbxRecords<'pbx_call_log'>;
  readonly calls: PbxRecords<'pbx_calls'>;
  readonly voicemail: PbxRecords<'pbx_voicemail'>;
  readonly recordings: PbxRecords<'pbx_recordings'>;
  readonly faxes: PbxRecords<'pbx_faxes'>;
  readonly switchboards: PbxRecords<'pbx_switchboards'>;
  readonly eventHandlers: PbxRecords<'pbx_event_handlers'>;

  constructor(private readonly database: Database) {
    this.extensions = new PbxRecords(database, 'pbx_extensions', 'ascending');
    this.callLog = new PbxRecords(database, 'pbx_call_log', 'descending');
    this.calls = new PbxRecords(database, 'pbx_calls', 'descending');
    this.voicemail = new PbxRecords(database, 'pbx_voicemail', 'descending');
    this.recordings = new PbxRecords(database, 'pbx_recordings', 'descending');
    this.faxes = new PbxRecords(database, 'pbx_faxes', 'descending');
    this.switchboards = new PbxRecords(database, 'pbx_switchboards', 'ascending');
    this.eventHandlers = new PbxRecords(database, 'pbx_event_handlers', 'descending');
  }

  /** Makes the collections and their indexes; what is there is left as it is. */
  async prepare(): Promise<void> {
    await ensureCollections(this.database, Object.entries(pbxIndexes));
  }
}
