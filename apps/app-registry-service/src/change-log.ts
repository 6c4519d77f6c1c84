import { EventData, StrowgerEvent } from '@strowger/contracts/event-catalogue';
import { EventSource } from '@strowger/models/outbox/make-event';

/** Where a change comes from, for its events: the process that makes it, when, and who asked for it from where. */
export interface Origin {
  readonly source: EventSource;
  readonly time: Date;
  /** The caller's claims; absent where the operator's command did it. */
  readonly by?: EventData['by'];
  readonly request_id?: string;
  readonly ip?: string;
  readonly user_agent?: string;
}

/** What every event of a change says besides what the change is. */
export function saidOf({ by, request_id, ip, user_agent }: Origin) {
  return { ...(by && { by }), ...(request_id !== undefined && { request_id }), ...(ip !== undefined && { ip }), ...(user_agent !== undefined && { user_agent }) };
}

/** One field that a change changes. */
export interface Change { readonly field: string; readonly from: unknown; readonly to: unknown }
/** Whether the change of a field takes rights away, gives some (or none either way), or both. */
export interface Direction { readonly lowers: boolean; readonly raises: boolean }

export const neutral: Direction = { lowers: false, raises: true };
/** The direction along a list that is in rising order. */
export const along = (rising: readonly unknown[]) => (from: unknown, to: unknown): Direction => {
  const up = rising.indexOf(to) > rising.indexOf(from);
  return { lowers: !up, raises: up };
};

/** How each field of a document is compared; a field that is not in it is not part of the comparison. */
export type Comparison<D> = { readonly [F in keyof D]?: (from: D[F], to: D[F]) => Direction };

/** What a change lowers and what it raises (or moves), field by field. */
export function compare<D extends object>(before: D, after: D, comparison: Comparison<D>): { lowered: Change[]; raised: Change[] } {
  const lowered: Change[] = [], raised: Change[] = [];
  for (const field in comparison) {
    const [from, to] = [before[field], after[field]];
    if (JSON.stringify(from) === JSON.stringify(to)) continue;
    const direction = comparison[field]?.(from, to) ?? neutral;
    const change = { field, from: from ?? null, to: to ?? null };
    if (direction.lowers) lowered.push(change);
    if (direction.raises) raised.push(change);
  }
  return { lowered: shown(lowered), raised: shown(raised) };
}

const MAX_CHANGES_BYTES = 2048;
const LONGEST_VALUE = 1024;

/** The changes as an event shows them: long values are cut until all of them fit. */
function shown(changes: Change[]): Change[] {
  let fitting = changes;
  for (let length = LONGEST_VALUE; Buffer.byteLength(JSON.stringify(fitting)) > MAX_CHANGES_BYTES && length > 8; length /= 2) {
    fitting = changes.map(({ field, from, to }) => ({ field, from: cut(from, length), to: cut(to, length) }));
  }
  return fitting;
}

function cut(value: unknown, length: number): unknown {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return text.length > length ? `${text.slice(0, length)}...` : value;
}

/** The versions that a change gives a document. */
export interface Versions { readonly version: number; readonly rights_version: number; readonly sign_out_version: number }

/** What signs out also lowers; what lowers raises `rights_version` only. */
export const versionsAfter = (before: Versions, does: { readonly lowers: boolean; readonly signsOut: boolean }): Versions => ({
  version: before.version + 1,
  rights_version: before.rights_version + (does.lowers || does.signsOut ? 1 : 0),
  sign_out_version: before.sign_out_version + (does.signsOut ? 1 : 0),
});

/** What a change comes to: the document with its new versions, and its events; none where nothing changes. */
export interface Settled<D> { readonly after: D; readonly events: readonly StrowgerEvent[] }
