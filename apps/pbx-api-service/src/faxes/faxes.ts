import { z } from 'zod';
import { ApiError, notFound } from '@strowger/auth/api-error';
import { FaxDocument } from '@strowger/models/pbx/pbx.schema';
import { timedId } from '@strowger/models/pbx/pbx-ids';
import { PbxPage } from '@strowger/models/pbx/pbx-records.store';
import { PbxStore } from '@strowger/models/pbx/pbx.store';
import { Reach, reachedExtensions, reaches } from '../reach/reach';
import { pageWish } from '../request-fields';
import { shown } from '../shown';
import { without } from '../without';
import { Fax, FaxQuery, NewFax } from './fax.shapes';

const QUEUED_MS = 3000, PAGE_MS = 2000, LINES_A_PAGE = 50, CHARACTERS_A_LINE = 80;
type FaxState = z.infer<typeof Fax>['state'];

/** How far a fax is at a moment. The simulated line does not reach a number that ends in 9 at the first attempt. */
export function faxState({ direction, cancelled_at, began_at, pages, to, attempts }: FaxDocument, now: Date): FaxState {
  if (direction === 'inbound') return 'received';
  if (cancelled_at) return 'cancelled';
  const passed = now.getTime() - began_at.getTime();
  if (passed < QUEUED_MS) return 'queued';
  if (passed < QUEUED_MS + pages * PAGE_MS) return 'sending';
  return to.endsWith('9') && attempts === 1 ? 'failed' : 'sent';
}

/** Faxes that came in and go out. The switch is a simulated one: of a text it keeps how many pages it makes. */
export class Faxes {
  constructor(private readonly pbx: PbxStore, private readonly now: () => Date = () => new Date()) {}

  page(reach: Reach, { extension, direction, ...page }: z.infer<typeof FaxQuery>): Promise<PbxPage<FaxDocument>> {
    return this.pbx.faxes.page(reach.tenantId, { equal: { direction }, oneOf: { extension: reachedExtensions(reach, extension) } }, pageWish(page));
  }

  /** @throws ApiError 404 - there is none within reach */
  async one(reach: Reach, id: string): Promise<FaxDocument> {
    const found = await this.pbx.faxes.find(reach.tenantId, id);
    if (!found || !reaches(reach, found.extension)) throw notFound('fax');
    return found;
  }

  /** @throws ApiError 400 - no extension is named, and the caller has none; 404 - no such extension within reach */
  async send(reach: Reach, { to, text, extension = reach.own }: z.infer<typeof NewFax>): Promise<FaxDocument> {
    if (extension === undefined) throw new ApiError(400, 'invalid_request', 'extension: the account has none of its own; name one');
    if (!reaches(reach, extension) || !await this.pbx.extensions.find(reach.tenantId, extension)) throw notFound('extension');
    const at = this.now(), id = timedId(at), lines = text.split('\n').reduce((sum, line) => sum + Math.max(1, Math.ceil(line.length / CHARACTERS_A_LINE)), 0);
    await this.pbx.faxes.insert(reach.tenantId, id, { direction: 'outbound', extension, from: extension, to, pages: Math.ceil(lines / LINES_A_PAGE), created_at: at, began_at: at, attempts: 1 });
    return this.one(reach, id);
  }

  /** @throws ApiError 404; 409 - it is not on its way */
  cancel(reach: Reach, id: string): Promise<FaxDocument> {
    return this.changed(reach, id, (fax, now) => {
      assertState(fax, now, ['queued', 'sending'], 'cancelled');
      return { ...fax, cancelled_at: now };
    });
  }

  /** @throws ApiError 404; 409 - it came in, or is on its way */
  repeat(reach: Reach, id: string): Promise<FaxDocument> {
    return this.changed(reach, id, (fax, now) => {
      assertState(fax, now, ['sent', 'failed', 'cancelled'], 'sent again');
      return { ...without(fax, 'cancelled_at'), began_at: now, attempts: fax.attempts + 1 };
    });
  }

  /** @throws ApiError 404; 409 - it did not come in */
  async remove(reach: Reach, id: string): Promise<void> {
    const fax = await this.one(reach, id);
    assertState(fax, this.now(), ['received'], 'deleted');
    if (!await this.pbx.faxes.remove(fax)) throw notFound('fax');
  }

  private async changed(reach: Reach, id: string, decide: (fax: FaxDocument, now: Date) => FaxDocument): Promise<FaxDocument> {
    await this.one(reach, id);
    const after = await this.pbx.faxes.change(reach.tenantId, id, fax => decide(fax, this.now()));
    if (!after) throw notFound('fax');
    return after;
  }
}

function assertState(fax: FaxDocument, now: Date, allowed: readonly FaxState[], what: string): void {
  const state = faxState(fax, now);
  if (!allowed.includes(state)) throw new ApiError(409, 'invalid_request', `the fax is ${state}, and cannot be ${what}`);
}

export function faxShown(fax: FaxDocument, now: Date) {
  return { ...without(shown(fax), 'began_at', 'cancelled_at'), state: faxState(fax, now) };
}
