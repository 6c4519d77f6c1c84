import { z } from 'zod';
import { notFound } from '@strowger/auth/api-error';
import { ExtensionDocument, VoicemailDocument } from '@strowger/models/pbx/pbx.schema';
import { PbxPage } from '@strowger/models/pbx/pbx-records.store';
import { PbxStore } from '@strowger/models/pbx/pbx.store';
import { Extensions } from '../extensions/extensions';
import { Reach, reachedExtensions, reaches } from '../reach/reach';
import { pageWish } from '../request-fields';
import { shown } from '../shown';
import { Mailbox, MailboxSetting, VoicemailQuery } from './voicemail.shapes';

/** Messages left for extensions, and the settings of their mailboxes. */
export class Voicemail {
  constructor(private readonly pbx: PbxStore, private readonly extensions: Extensions) {}

  page(reach: Reach, { extension, heard, ...page }: z.infer<typeof VoicemailQuery>): Promise<PbxPage<VoicemailDocument>> {
    return this.pbx.voicemail.page(reach.tenantId, { equal: { heard }, oneOf: { extension: reachedExtensions(reach, extension) } }, pageWish(page));
  }

  /** @throws ApiError 404 - there is none within reach */
  async one(reach: Reach, id: string): Promise<VoicemailDocument> {
    const found = await this.pbx.voicemail.find(reach.tenantId, id);
    if (!found || !reaches(reach, found.extension)) throw notFound('message');
    return found;
  }

  /** @throws ApiError 404 */
  async remove(reach: Reach, id: string): Promise<void> {
    if (!await this.pbx.voicemail.remove(await this.one(reach, id))) throw notFound('message');
  }

  /** @throws ApiError 404 - no such extension within reach */
  setMailbox(reach: Reach, extension: string, mailbox: z.infer<typeof MailboxSetting>): Promise<ExtensionDocument> {
    return this.extensions.changed(reach, extension, before => ({ ...before, mailbox }));
  }
}

export function mailboxShown(document: ExtensionDocument): z.infer<typeof Mailbox> {
  const { id, mailbox } = shown(document);
  return { extension: id, ...mailbox };
}
