import { z } from 'zod';

/** Body of `strowger.rpc.keys.rotate`. `compromised`: the key that signs now is withdrawn at once, instead of when its last token has expired. */
export const KeyRotationRequest = z.strictObject({ compromised: z.boolean().optional() });
export type KeyRotationRequest = z.infer<typeof KeyRotationRequest>;

const key = { /** The key that signs now. */ kid: z.string() };
/** `ok` of the reply. Not rotated: the next key is not published long enough before `possible_at`, or another rotation was faster. */
export const KeyRotationReply = z.discriminatedUnion('rotated', [
  z.object({ ...key, rotated: z.literal(true), previous_kid: z.string() }),
  z.object({ ...key, rotated: z.literal(false), reason: z.enum(['not_published_long_enough', 'rotated_meanwhile']), possible_at: z.iso.datetime() }),
]);
export type KeyRotationReply = z.infer<typeof KeyRotationReply>;
