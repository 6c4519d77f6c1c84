import { PbxStore } from '@strowger/models/pbx/pbx.store';
import { PbxModel } from './pbx-model';

/**
 * Stores a model as a tenant's PBX, unless the tenant has extensions already. They come last, so what an interrupted seeding left is known by their
 * absence, and cleared away. False: there was a PBX.
 * @throws a database error; seeding again begins anew
 */
export async function seedPbx(pbx: PbxStore, tenantId: string, model: PbxModel): Promise<boolean> {
  await pbx.prepare();
  if (await pbx.extensions.count(tenantId, {}) > 0) return false;
  for (const kind of [pbx.callLog, pbx.recordings, pbx.voicemail, pbx.faxes, pbx.switchboards]) await kind.clear(tenantId);
  await pbx.callLog.insertAll(tenantId, model.callLog);
  await pbx.recordings.insertAll(tenantId, model.recordings);
  await pbx.voicemail.insertAll(tenantId, model.voicemail);
  await pbx.faxes.insertAll(tenantId, model.faxes);
  await pbx.switchboards.insertAll(tenantId, model.switchboards);
  await pbx.extensions.insertAll(tenantId, model.extensions);
  return true;
}
