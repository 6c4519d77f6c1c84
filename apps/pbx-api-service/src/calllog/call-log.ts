import { z } from 'zod';
import { notFound } from '@strowger/auth/api-error';
import { CallLogDocument } from '@strowger/models/pbx/pbx.schema';
import { lowestIdAt } from '@strowger/models/pbx/pbx-ids';
import { PbxPage, PbxWanted } from '@strowger/models/pbx/pbx-records.store';
import { PbxStore } from '@strowger/models/pbx/pbx.store';
import { assertAdministrator, Reach, reachedExtensions } from '../reach/reach';
import { pageWish } from '../request-fields';
import { CallLogExportQuery, CallLogQuery } from './call-log.shapes';

const boundOf = (moment: string | undefined): string | undefined => (moment === undefined ? undefined : lowestIdAt(new Date(moment)));

/** Calls that are over, newest first: of the extensions within reach, and for an API access of chosen switchboards only those that came through one of them. */
export class CallLog {
  constructor(private readonly pbx: PbxStore) {}

  page(reach: Reach, { limit, cursor, ...filters }: z.infer<typeof CallLogQuery>): Promise<PbxPage<CallLogDocument>> {
    return this.pbx.callLog.page(reach.tenantId, this.wanted(reach, filters), pageWish({ limit, cursor }));
  }

  /** All of it, in pages. */
  pages(reach: Reach, filters: z.infer<typeof CallLogExportQuery>): AsyncIterable<readonly CallLogDocument[]> { return this.pbx.callLog.pages(reach.tenantId, this.wanted(reach, filters)); }

  /** @throws ApiError 404 - there is none within reach */
  async one(reach: Reach, id: string): Promise<CallLogDocument> {
    const [found] = await this.several(reach, [id]);
    if (!found) throw notFound('call');
    return found;
  }

  /** Those within reach among `ids`. */
  async several(reach: Reach, ids: readonly string[]): Promise<CallLogDocument[]> {
    const { items } = await this.pbx.callLog.page(reach.tenantId, { ...this.wanted(reach, {}), ids }, { limit: ids.length });
    return [...items];
  }

  /** @throws ApiError 403 - not an administrator; 404 */
  async remove(reach: Reach, id: string): Promise<void> {
    assertAdministrator(reach, 'deleting from the call log');
    if (!await this.pbx.callLog.remove(await this.one(reach, id))) throw notFound('call');
  }

  private wanted(reach: Reach, { from, to, direction, result, extension, switchboard, number }: z.infer<typeof CallLogExportQuery>): PbxWanted<CallLogDocument> {
    return {
      equal: { direction, result, switchboard }, oneOf: { extensions: reachedExtensions(reach, extension), switchboard: reach.switchboards },
      from: boundOf(from), before: boundOf(to), ...(number !== undefined && { text: { fields: ['from', 'to'], value: number } }),
    };
  }
}
