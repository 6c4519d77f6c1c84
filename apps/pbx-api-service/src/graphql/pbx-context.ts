import DataLoader from 'dataloader';
import { z } from 'zod';
import { Reach } from '../reach/reach';
import { CallLogDocument, ExtensionDocument, RecordingDocument, SwitchboardDocument } from '@strowger/models/pbx/pbx.schema';
import { idOf } from '@strowger/models/pbx/pbx-records.store';
import { SwitchboardState } from '../switchboards/switchboard.shapes';
import { PbxUseCases } from './pbx-use-cases';

type ById<D> = DataLoader<string, D | undefined>;
/** What the fields of one request work with. Whatever many of them need, one question to the database finds. */
export interface PbxContext {
  readonly reach: Reach;
  readonly does: PbxUseCases;
  readonly now: Date;
  readonly grantedScopes: readonly string[];
  readonly extensions: ById<ExtensionDocument>;
  readonly recordings: ById<RecordingDocument>;
  readonly callLog: ById<CallLogDocument>;
  readonly switchboards: ById<SwitchboardDocument>;
  readonly states: DataLoader<SwitchboardDocument, z.infer<typeof SwitchboardState>>;
}

type Keyed = { readonly _id: string; readonly tenant_id: string };
function byId<D extends Keyed>(find: (ids: readonly string[]) => Promise<readonly D[]>): ById<D> {
  return new DataLoader<string, D | undefined>(async ids => {
    const found = new Map((await find(ids)).map(document => [idOf(document), document]));
    return ids.map(id => found.get(id));
  });
}

/** The context of one request. */
export const pbxContext = (does: PbxUseCases, reach: Reach, grantedScopes: readonly string[]): PbxContext => ({
  reach, does, now: new Date(), grantedScopes,
  extensions: byId(ids => does.extensions.several(reach, ids)), recordings: byId(ids => does.recordings.several(reach, ids)),
  callLog: byId(ids => does.callLog.several(reach, ids)), switchboards: byId(ids => does.switchboards.several(reach, ids)),
  states: new DataLoader<SwitchboardDocument, z.infer<typeof SwitchboardState>>(async boards => does.switchboards.statesOf(boards)),
});
