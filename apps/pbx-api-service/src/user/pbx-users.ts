import { z } from 'zod';
import { notFound } from '@strowger/auth/api-error';
import { PbxStore } from '@strowger/models/pbx/pbx.store';
import { Extensions, extensionShown } from '../extensions/extensions';
import { Reach } from '../reach/reach';
import { PbxUser, PbxUserChange } from './user.shapes';

/** The caller's own user of the PBX. */
export class PbxUsers {
  constructor(private readonly pbx: PbxStore, private readonly extensions: Extensions) {}

  async self(reach: Reach): Promise<z.infer<typeof PbxUser>> {
    const { accountId, username, administrator, own } = reach, extension = own === undefined ? undefined : await this.pbx.extensions.find(reach.tenantId, own);
    return { id: accountId, username, administrator, extension: extension ? extensionShown(extension) : null };
  }

  /** @throws ApiError 404 - the account has no extension */
  async change(reach: Reach, changes: z.infer<typeof PbxUserChange>): Promise<z.infer<typeof PbxUser>> {
    if (reach.own === undefined) throw notFound('extension');
    await this.extensions.changed(reach, reach.own, before => ({ ...before, ...changes }));
    return this.self(reach);
  }
}
