import { z } from 'zod';
import { MessagingEnvironment } from '@strowger/messaging/messaging.config';

/** Environment of whoever guards an API: where tokens are judged, and the credential of this service there. */
export const AuthEnvironment = z.object({
  /** Origin of token-service, such as http://127.0.0.1:13001. */
  TOKEN_SERVICE_URL: z.url({ protocol: /^https?$/ }).refine(text => URL.canParse(text) && new URL(text).origin === text.replace(/\/$/, ''), 'an origin such as http://127.0.0.1:13001, without a path')
    .transform(text => new URL(text).origin),
  STROWGER_SERVICE_ID: z.string().regex(/^[a-z][a-z0-9-]{0,63}$/, 'the name of a service of the deployment'),
  STROWGER_SERVICE_SECRET: z.string().min(16, 'at least 16 characters'),
  /** How many requests a minute this service answers to one client for one account. */
  API_REQUESTS_PER_MINUTE: z.string().regex(/^[1-9]\d{0,6}$/, 'a whole number from 1 to 9999999').transform(Number).default(600),
});
const LONGEST_TOKEN_SECONDS = 86_400, CLOCK_SKEW_SECONDS = 60;

/**
 * Environment of a service that protects itself with the guard of this library. With `NATS_URL` (and `NATS_USER`, `NATS_PASSWORD`) it follows the
 * revocation feed and judges tokens by itself; without it introspects each. `ACCESS_TOKEN_TTL_MAX_SECONDS` is the deployment's.
 */
const GuardEnvironment = z.object({
  ...AuthEnvironment.omit({ API_REQUESTS_PER_MINUTE: true }).shape,
  NATS_URL: MessagingEnvironment.shape.NATS_URL.optional(), NATS_USER: MessagingEnvironment.shape.NATS_USER, NATS_PASSWORD: MessagingEnvironment.shape.NATS_PASSWORD,
  /** `iss` of every token. */
  STROWGER_ISSUER: z.url({ protocol: /^https?$/ }).refine(text => URL.canParse(text) && new URL(text).origin === text, 'an origin such as https://auth.example.com, without a path').optional(),
  ACCESS_TOKEN_TTL_MAX_SECONDS: z.string().regex(/^[1-9]\d{1,5}$/, 'seconds').transform(Number).default(LONGEST_TOKEN_SECONDS),
  /** By how much the clocks of issuer, bus and this service may differ. */
  CLOCK_SKEW_SECONDS: z.string().regex(/^\d{1,3}$/, 'seconds').transform(Number).default(CLOCK_SKEW_SECONDS),
}).superRefine(({ NATS_URL, NATS_USER, NATS_PASSWORD, STROWGER_ISSUER }, context) => {
  const missing = (name: string, message: string): void => { context.addIssue({ code: 'custom', path: [name], message }); };
  if ((NATS_USER === undefined) !== (NATS_PASSWORD === undefined)) missing(NATS_USER === undefined ? 'NATS_USER' : 'NATS_PASSWORD', 'NATS_USER and NATS_PASSWORD go together');
  if (NATS_URL !== undefined && STROWGER_ISSUER === undefined) missing('STROWGER_ISSUER', 'needed where NATS_URL is set: without it a token cannot be verified here');
});
export type GuardConfig = Readonly<z.infer<typeof GuardEnvironment>>;

/**
 * Reads what a guard needs, frozen.
 * @throws ZodError - naming every bad variable
 */
export const guardConfig = (env: NodeJS.ProcessEnv = process.env): GuardConfig => Object.freeze(GuardEnvironment.parse(env));

export type AuthConfig = Readonly<z.infer<typeof AuthEnvironment>>;

/**
 * Reads these settings alone, frozen.
 * @throws ZodError - naming every bad variable
 */
export const authConfig = (env: NodeJS.ProcessEnv): AuthConfig => Object.freeze(AuthEnvironment.parse(env));
