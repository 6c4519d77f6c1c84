import { z } from 'zod';
import { notFound } from '@strowger/auth/api-error';
import { SwitchboardDocument } from '@strowger/models/pbx/pbx.schema';
import { idOf, PbxPage } from '@strowger/models/pbx/pbx-records.store';
import { PbxStore } from '@strowger/models/pbx/pbx.store';
import { callProgress } from '../calls/call-progress';
import { assertAdministrator, Reach } from '../reach/reach';
import { PageQuery, pageWish } from '../request-fields';
import { liveState } from './live-state';
import { SwitchboardChange, SwitchboardState } from './switchboard.shapes';

const CALLS_LOOKED_AT = 200;

/** Switchboards: administrators see all, who answers at one sees it, and an API access for chosen ones no other (seed 003). */
export class Switchboards {
  constructor(private readonly pbx: PbxStore) {}

  page(reach: Reach, page: z.infer<typeof PageQuery>): Promise<PbxPage<SwitchboardDocument>> {
    return this.pbx.switchboards.page(reach.tenantId, { ids: reach.switchboards, oneOf: { members: reach.extensions } }, pageWish(page));
  }

  /** @throws ApiError 404 - there is none within reach */
  async one(reach: Reach, id: string): Promise<SwitchboardDocument> {
    const [found] = await this.several(reach, [id]);
    if (!found) throw notFound('switchboard');
    return found;
  }

  /** What happens at it now. @throws ApiError 404 */
  async state(reach: Reach, id: string): Promise<z.infer<typeof SwitchboardState>> {
    const [state] = await this.statesOf([await this.one(reach, id)]);
    if (!state) throw notFound('switchboard');
    return state;
  }

  /** What happens at each of these, which belong to one tenant and are within reach. */
  async statesOf(boards: readonly SwitchboardDocument[]): Promise<z.infer<typeof SwitchboardState>[]> {
    const [first] = boards, now = new Date();
    if (!first) return [];
    const { items } = await this.pbx.calls.page(first.tenant_id, { oneOf: { extension: [...new Set(boards.flatMap(({ members }) => members))] } }, { limit: CALLS_LOOKED_AT });
    const talking = new Set(items.filter(call => callProgress(call, now).state === 'answered').map(call => call.extension));
    return boards.map(board => liveState(board, talking, now));
  }

  /** Those within reach among `ids`. */
  async several(reach: Reach, ids: readonly string[]): Promise<SwitchboardDocument[]> {
    const found = await this.pbx.switchboards.findMany(reach.tenantId, ids);
    return found.filter(board => isReached(reach, board));
  }

  /** @throws ApiError 403 - not an administrator; 404 */
  async change(reach: Reach, id: string, changes: z.infer<typeof SwitchboardChange>): Promise<SwitchboardDocument> {
    assertAdministrator(reach, 'changing switchboards');
    await this.one(reach, id);
    const after = await this.pbx.switchboards.change(reach.tenantId, id, before => ({ ...before, ...changes }));
    if (!after) throw notFound('switchboard');
    return after;
  }
}

const isReached = ({ extensions, switchboards }: Reach, board: SwitchboardDocument): boolean =>
  switchboards?.includes(idOf(board)) !== false && extensions?.some(own => board.members.includes(own)) !== false;
