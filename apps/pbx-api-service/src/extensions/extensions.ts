import { z } from 'zod';
import { ApiError, notFound } from '@strowger/auth/api-error';
import { ExtensionDocument } from '@strowger/models/pbx/pbx.schema';
import { PbxPage } from '@strowger/models/pbx/pbx-records.store';
import { PbxStore } from '@strowger/models/pbx/pbx.store';
import { assertAdministrator, Reach, reachedExtensions, reaches } from '../reach/reach';
import { pageWish } from '../request-fields';
import { shown } from '../shown';
import { Extension, ExtensionChange, ExtensionQuery, NewExtension } from './extension.shapes';

/** Extensions of the PBX: their owner sees the own one, administrators see and change all. */
export class Extensions {
  constructor(private readonly pbx: PbxStore) {}

  page(reach: Reach, { department, q, ...page }: z.infer<typeof ExtensionQuery>): Promise<PbxPage<ExtensionDocument>> {
    return this.pbx.extensions.page(reach.tenantId, {
      ids: reachedExtensions(reach, undefined), equal: { department }, ...(q !== undefined && { text: { fields: ['name'], value: q } }),
    }, pageWish(page));
  }

  /** @throws ApiError 404 - there is none within reach */
  async one(reach: Reach, id: string): Promise<ExtensionDocument> {
    const found = reaches(reach, id) ? await this.pbx.extensions.find(reach.tenantId, id) : undefined;
    if (!found) throw notFound('extension');
    return found;
  }

  /** Those within reach among `ids`. */
  async several(reach: Reach, ids: readonly string[]): Promise<ExtensionDocument[]> {
    return this.pbx.extensions.findMany(reach.tenantId, ids.filter(id => reaches(reach, id)));
  }

  /** @throws ApiError 403 - not an administrator; 409 - the number is taken */
  async add(reach: Reach, { id, name, department, email }: z.infer<typeof NewExtension>): Promise<ExtensionDocument> {
    assertAdministrator(reach, 'adding extensions');
    const fields = { name, department, ...(email !== undefined && { email }), call_forward: {}, mailbox: { enabled: true }, record: 'none' as const };
    if (!await this.pbx.extensions.insert(reach.tenantId, id, fields)) throw new ApiError(409, 'invalid_request', 'id: there is an extension of this number');
    return this.one(reach, id);
  }

  /** @throws ApiError 403 - not an administrator; 404 */
  async change(reach: Reach, id: string, changes: z.infer<typeof ExtensionChange>): Promise<ExtensionDocument> {
    assertAdministrator(reach, 'changing extensions');
    return this.changed(reach, id, before => ({ ...before, ...changes }));
  }

  /** Changes one within reach, whatever role: for what is its owner's to set. @throws ApiError 404 */
  async changed(reach: Reach, id: string, decide: (before: ExtensionDocument) => ExtensionDocument): Promise<ExtensionDocument> {
    const after = reaches(reach, id) ? await this.pbx.extensions.change(reach.tenantId, id, decide) : undefined;
    if (!after) throw notFound('extension');
    return after;
  }

  /** @throws ApiError 403 - not an administrator; 404 */
  async remove(reach: Reach, id: string): Promise<void> {
    assertAdministrator(reach, 'removing extensions');
    if (!await this.pbx.extensions.remove(await this.one(reach, id))) throw notFound('extension');
  }
}

/** What an answer shows of one: its settings are other modules'. */
export function extensionShown(document: ExtensionDocument): z.infer<typeof Extension> {
  const { id, name, department, email } = shown(document);
  return { id, name, department, ...(email !== undefined && { email }) };
}
