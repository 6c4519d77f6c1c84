import { z } from 'zod';

const server = /^(nats|tls):\/\/([A-Za-z0-9.-]+|\[[0-9a-fA-F:]+\])(:\d{1,5})?$/;

/**
 * Environment of the bus connection. `NATS_URL` is one server or several of a cluster, separated by commas, without
 * credentials (an URL ends up in logs); those are `NATS_USER` and `NATS_PASSWORD`, both or neither.
 */
export const MessagingEnvironment = z.object({
  NATS_URL: z.string().refine(urls => urls.split(',').every(url => server.test(url)), 'nats://host[:port], several separated by commas, without credentials'),
  NATS_USER: z.string().regex(/^[A-Za-z0-9-]{1,64}$/, 'the name of a bus user').optional(),
  NATS_PASSWORD: z.string().min(1).optional(),
}).superRefine(({ NATS_USER, NATS_PASSWORD }, context) => {
  if ((NATS_USER === undefined) === (NATS_PASSWORD === undefined)) return;
  context.addIssue({ code: 'custom', path: [NATS_USER === undefined ? 'NATS_USER' : 'NATS_PASSWORD'], message: 'NATS_USER and NATS_PASSWORD go together' });
});
export type MessagingConfig = Readonly<z.infer<typeof MessagingEnvironment>>;

/**
 * Reads the bus connection's settings, frozen.
 * @throws ZodError - naming every bad variable
 */
export const messagingConfig = (environment: Readonly<Record<string, string | undefined>>): MessagingConfig =>
  Object.freeze(MessagingEnvironment.parse(environment));
