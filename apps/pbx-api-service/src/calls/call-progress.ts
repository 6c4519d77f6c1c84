import { createHash } from 'node:crypto';
import { CallDocument, CallLogDocument } from '@strowger/models/pbx/pbx.schema';
import { idOf } from '@strowger/models/pbx/pbx-records.store';

const EXTENSION_ANSWERS_MS = 2000, RINGS_MS = 25_000, BUSY_MS = 3000;

/** How far a call is. */
export interface CallProgress { readonly state: 'ringing_extension' | 'ringing' | 'answered' | 'ended'; readonly answered_at?: Date; readonly ended_at?: Date }
type Ending = Pick<CallLogDocument, 'result' | 'duration_seconds' | 'ended_at'> & { readonly answered_at?: Date };

/** How a call of this switch will go: the other side answers, is busy, or lets it ring, as its id says. There are no lines behind it. */
function course({ _id, tenant_id, started_at }: CallDocument) {
  const [first = 0, second = 0, third = 0] = createHash('sha256').update(idOf({ _id, tenant_id })).digest();
  const dialled = started_at.getTime() + EXTENSION_ANSWERS_MS;
  if (first < 26) return { result: 'busy' as const, endsAt: dialled + BUSY_MS };
  if (first < 64) return { result: 'missed' as const, endsAt: dialled + RINGS_MS };
  const answeredAt = dialled + 2000 + second * 30;
  return { result: 'answered' as const, answeredAt, endsAt: answeredAt + 30_000 + third * 1000 };
}

/** How far a callback is at a moment: nothing but the time moves it, so every instance says the same, and a restart changes nothing. */
export function callProgress(call: CallDocument, now: Date): CallProgress {
  const at = now.getTime(), { answeredAt, endsAt } = course(call);
  const answered = answeredAt !== undefined && answeredAt <= at ? { answered_at: new Date(answeredAt) } : {};
  if (at >= endsAt) return { state: 'ended', ...answered, ended_at: new Date(endsAt) };
  if (answered.answered_at) return { state: 'answered', ...answered };
  return { state: at < call.started_at.getTime() + EXTENSION_ANSWERS_MS ? 'ringing_extension' : 'ringing' };
}

/** How a call ends that is hung up at a moment, or that has ended by itself before. */
export function ending(call: CallDocument, now: Date): Ending {
  const { result, answeredAt, endsAt } = course(call), ended = Math.min(now.getTime(), endsAt);
  if (answeredAt !== undefined && answeredAt <= ended) return { result: 'answered', answered_at: new Date(answeredAt), ended_at: new Date(ended), duration_seconds: Math.round((ended - answeredAt) / 1000) };
  return { result: ended === endsAt ? result : 'cancelled', ended_at: new Date(ended), duration_seconds: 0 };
}
