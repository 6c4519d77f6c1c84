import { z } from 'zod';
import { ApiError, notFound } from '@strowger/auth/api-error';
import { EventHandlerDocument } from '@strowger/models/pbx/pbx.schema';
import { timedId } from '@strowger/models/pbx/pbx-ids';
import { PbxPage } from '@strowger/models/pbx/pbx-records.store';
import { PbxStore } from '@strowger/models/pbx/pbx.store';
import { Reach } from '../reach/reach';
import { pageWish } from '../request-fields';
import { EventHandlerChange, EventHandlerQuery, NewEventHandler } from './event-handler.shapes';

const MOST = 100;

/** Handlers of the PBX's events. They are kept; nothing is delivered to them yet. */
export class EventHandlers {
  constructor(private readonly pbx: PbxStore, private readonly now: () => Date = () => new Date()) {}

  page(reach: Reach, { event, ...page }: z.infer<typeof EventHandlerQuery>): Promise<PbxPage<EventHandlerDocument>> {
    return this.pbx.eventHandlers.page(reach.tenantId, { equal: { event }, oneOf: { extension: reach.extensions } }, pageWish(page));
  }

  /** @throws ApiError 404 - there is none within reach */
  async one(reach: Reach, id: string): Promise<EventHandlerDocument> {
    const found = await this.pbx.eventHandlers.find(reach.tenantId, id);
    if (!found || (reach.extensions && (found.extension === undefined || !reach.extensions.includes(found.extension)))) throw notFound('event handler');
    return found;
  }

  /** @throws ApiError 400 - no extension is named, and the caller has none; 404 - no such extension within reach; 409 - there are too many */
  async add(reach: Reach, { event, url, extension = reach.extensions?.[0] }: z.infer<typeof NewEventHandler>): Promise<EventHandlerDocument> {
    if (extension === undefined && reach.extensions) throw new ApiError(400, 'invalid_request', 'extension: the account has none of its own; name one');
    if (extension !== undefined && (reach.extensions?.includes(extension) === false || !await this.pbx.extensions.find(reach.tenantId, extension))) throw notFound('extension');
    const wanted = extension === undefined ? {} : { oneOf: { extension: [extension] } };
    if (await this.pbx.eventHandlers.count(reach.tenantId, wanted) >= MOST) throw new ApiError(409, 'invalid_request', `there are ${String(MOST)} handlers already`);
    const created_at = this.now(), id = timedId(created_at);
    await this.pbx.eventHandlers.insert(reach.tenantId, id, { event, url, ...(extension !== undefined && { extension }), created_at, created_by: reach.username });
    return this.one(reach, id);
  }

  /** @throws ApiError 404 */
  async change(reach: Reach, id: string, changes: z.infer<typeof EventHandlerChange>): Promise<EventHandlerDocument> {
    await this.one(reach, id);
    const after = await this.pbx.eventHandlers.change(reach.tenantId, id, before => ({ ...before, ...changes }));
    if (!after) throw notFound('event handler');
    return after;
  }

  /** @throws ApiError 404 */
  async remove(reach: Reach, id: string): Promise<void> {
    if (!await this.pbx.eventHandlers.remove(await this.one(reach, id))) throw notFound('event handler');
  }
}
