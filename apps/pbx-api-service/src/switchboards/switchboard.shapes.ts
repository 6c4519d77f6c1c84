import { z } from 'zod';
import { extensionNumber, flag, pageOf, plainText } from '../request-fields';

/** Who answers at one. */
export const MAX_MEMBERS = 100;
export const Switchboard = z.strictObject({ id: z.string(), name: z.string(), number: z.string(), members: z.array(z.string()), open: z.boolean() }).meta({ id: 'Switchboard' });
export const SwitchboardPage = pageOf(Switchboard);
export const memberStates = ['available', 'ringing', 'talking', 'away'] as const;
/** What a member of a switchboard does now. */
export const MemberState = z.strictObject({ extension: z.string(), state: z.enum(memberStates) }).meta({ id: 'MemberState' });
/** What happens at a switchboard now. */
export const SwitchboardState = z.strictObject({
  id: z.string(), open: z.boolean(), waiting: z.int(), longest_wait_seconds: z.int(), members: z.array(MemberState).max(MAX_MEMBERS), at: z.iso.datetime(),
}).meta({ id: 'SwitchboardState' });
/** In a form the members are one text, separated by spaces. */
const members = z.preprocess(value => (typeof value === 'string' ? value.split(' ').filter(word => word !== '') : value), z.array(extensionNumber).max(MAX_MEMBERS));
export const SwitchboardChange = z.strictObject({ name: plainText(80).exactOptional(), open: flag.exactOptional(), members: members.exactOptional() });
