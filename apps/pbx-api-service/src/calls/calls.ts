import { z } from 'zod';
import { ApiError, notFound } from '@strowger/auth/api-error';
import { CallDocument } from '@strowger/models/pbx/pbx.schema';
import { timedId } from '@strowger/models/pbx/pbx-ids';
import { idOf, PbxPage } from '@strowger/models/pbx/pbx-records.store';
import { PbxStore } from '@strowger/models/pbx/pbx.store';
import { Reach, reachedExtensions, reaches } from '../reach/reach';
import { pageWish } from '../request-fields';
import { shown } from '../shown';
import { CallQuery, NewCall } from './call.shapes';
import { callProgress, ending } from './call-progress';

const MOST_OF_EXTENSION = 10;
const INTERNAL = /^[0-9]{2,4}$/;

/** Calls in progress: those that the switch was asked to set up (callback), until they are over and in the call log. */
export class Calls {
  constructor(private readonly pbx: PbxStore, private readonly now: () => Date = () => new Date()) {}

  async page(reach: Reach, { extension, ...page }: z.infer<typeof CallQuery>): Promise<PbxPage<CallDocument>> {
    const { items, ...rest } = await this.pbx.calls.page(reach.tenantId, { oneOf: { extension: reachedExtensions(reach, extension) } }, pageWish(page));
    return { items: await this.withoutEnded(items), ...rest };
  }

  /** @throws ApiError 404 - there is none within reach, or it is over */
  async one(reach: Reach, id: string): Promise<CallDocument> {
    const found = await this.pbx.calls.find(reach.tenantId, id);
    const [call] = found && reaches(reach, found.extension) ? await this.withoutEnded([found]) : [];
    if (!call) throw notFound('call');
    return call;
  }

  /**
   * Rings the extension, and when that is answered the number.
   * @throws ApiError 400 - no extension is named, and the caller has none; 404 - no such extension within reach; 409 - it has too many calls
   */
  async start(reach: Reach, { to, extension = reach.own }: z.infer<typeof NewCall>): Promise<CallDocument> {
    if (extension === undefined) throw new ApiError(400, 'invalid_request', 'extension: the account has none of its own; name one');
    if (!reaches(reach, extension) || !await this.pbx.extensions.find(reach.tenantId, extension)) throw notFound('extension');
    const { items } = await this.pbx.calls.page(reach.tenantId, { oneOf: { extension: [extension] } }, { limit: MOST_OF_EXTENSION });
    if ((await this.withoutEnded(items)).length >= MOST_OF_EXTENSION) throw new ApiError(409, 'invalid_request', `extension: it has ${String(MOST_OF_EXTENSION)} calls already`);
    const started_at = this.now(), id = timedId(started_at);
    await this.pbx.calls.insert(reach.tenantId, id, { extension, to, started_at, requested_by: reach.username });
    return this.one(reach, id);
  }

  /** Ends a call now. @throws ApiError 404 - there is none within reach, or it is over */
  async hangUp(reach: Reach, id: string): Promise<void> { await this.toLog(await this.one(reach, id)); }

  private async withoutEnded(calls: readonly CallDocument[]): Promise<CallDocument[]> {
    const now = this.now(), live: CallDocument[] = [];
    for (const call of calls) {
      if (callProgress(call, now).state === 'ended') await this.toLog(call);
      else live.push(call);
    }
    return live;
  }

  /** Into the log first, under the same id: whoever else does it too, or dies in between, the call is there once. */
  private async toLog(call: CallDocument): Promise<void> {
    const { extension, to, started_at } = call, internal = INTERNAL.test(to);
    await this.pbx.callLog.insert(call.tenant_id, idOf(call), {
      direction: internal ? 'internal' : 'outbound', from: extension, to, extensions: internal ? [extension, to] : [extension], started_at, ...ending(call, this.now()),
    });
    await this.pbx.calls.remove(call);
  }
}

/** A call as it is answered at a moment. */
export function callShown(call: CallDocument, now: Date) {
  const { state, answered_at } = callProgress(call, now);
  return { ...shown(call), state, ...(answered_at && { answered_at }) };
}
