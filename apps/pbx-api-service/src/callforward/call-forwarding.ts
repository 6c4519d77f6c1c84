import { z } from 'zod';
import { ApiError } from '@strowger/auth/api-error';
import { ExtensionDocument, ForwardCondition } from '@strowger/models/pbx/pbx.schema';
import { Extensions } from '../extensions/extensions';
import { Reach } from '../reach/reach';
import { shown } from '../shown';
import { CallForwards, CallForwardSetting } from './call-forward.shapes';

const RING_SECONDS = 20;

/** Where an extension's calls go instead. */
export class CallForwarding {
  constructor(private readonly extensions: Extensions) {}

  /**
   * Sets the forwarding for one condition.
   * @throws ApiError 400 - to itself, or a time for another condition than no_answer; 404 - no such extension within reach
   */
  set(reach: Reach, id: string, condition: ForwardCondition, { target, enabled = true, after_seconds }: z.infer<typeof CallForwardSetting>): Promise<ExtensionDocument> {
    if (target === id) throw new ApiError(400, 'invalid_request', 'target: an extension cannot be forwarded to itself');
    if (after_seconds !== undefined && condition !== 'no_answer') throw new ApiError(400, 'invalid_request', 'after_seconds: only where nobody answers (no_answer)');
    const setting = { target, enabled, ...(condition === 'no_answer' && { after_seconds: after_seconds ?? RING_SECONDS }) };
    return this.extensions.changed(reach, id, before => ({ ...before, call_forward: { ...before.call_forward, [condition]: setting } }));
  }

  /** Takes the forwarding for one condition away; where there is none, nothing changes. @throws ApiError 404 - no such extension within reach */
  clear(reach: Reach, id: string, condition: ForwardCondition): Promise<ExtensionDocument> {
    return this.extensions.changed(reach, id, before => {
      const { [condition]: cleared, ...rest } = before.call_forward;
      return cleared === undefined ? before : { ...before, call_forward: rest };
    });
  }
}

export function forwardsShown(document: ExtensionDocument): z.infer<typeof CallForwards> {
  const { id, call_forward: { unconditional = null, busy = null, no_answer = null } } = shown(document);
  return { extension: id, unconditional, busy, no_answer };
}
