import { z } from 'zod';
import { notFound } from '@strowger/auth/api-error';
import { ExtensionDocument, RecordingDocument } from '@strowger/models/pbx/pbx.schema';
import { PbxPage } from '@strowger/models/pbx/pbx-records.store';
import { PbxStore } from '@strowger/models/pbx/pbx.store';
import { Extensions } from '../extensions/extensions';
import { Reach, reachedExtensions, reaches } from '../reach/reach';
import { pageWish } from '../request-fields';
import { shown } from '../shown';
import { RecordingQuery, RecordingRule, RecordingRuleSetting } from './recording.shapes';

/** Recorded calls, and which calls of an extension are recorded. */
export class Recordings {
  constructor(private readonly pbx: PbxStore, private readonly extensions: Extensions) {}

  page(reach: Reach, { extension, ...page }: z.infer<typeof RecordingQuery>): Promise<PbxPage<RecordingDocument>> {
    return this.pbx.recordings.page(reach.tenantId, { oneOf: { extension: reachedExtensions(reach, extension) } }, pageWish(page));
  }

  /** @throws ApiError 404 - there is none within reach */
  async one(reach: Reach, id: string): Promise<RecordingDocument> {
    const [found] = await this.several(reach, [id]);
    if (!found) throw notFound('recording');
    return found;
  }

  /** Those within reach among `ids`. */
  async several(reach: Reach, ids: readonly string[]): Promise<RecordingDocument[]> {
    return (await this.pbx.recordings.findMany(reach.tenantId, ids)).filter(({ extension }) => reaches(reach, extension));
  }

  /** @throws ApiError 404 */
  async remove(reach: Reach, id: string): Promise<void> {
    if (!await this.pbx.recordings.remove(await this.one(reach, id))) throw notFound('recording');
  }

  /** @throws ApiError 404 - no such extension within reach */
  setRule(reach: Reach, extension: string, { record }: z.infer<typeof RecordingRuleSetting>): Promise<ExtensionDocument> {
    return this.extensions.changed(reach, extension, before => ({ ...before, record }));
  }
}

export function ruleShown(document: ExtensionDocument): z.infer<typeof RecordingRule> {
  const { id, record } = shown(document);
  return { extension: id, record };
}
