import { z } from 'zod';

/** Environment of whoever guards an API: where tokens are judged, and the credential of this service there. */
export const AuthEnvironment = z.object({
  /** Origin of token-service, such as http://127.0.0.1:13001. */
  TOKEN_SERVICE_URL: z.url({ protocol: /^https?$/ }).refine(text => new URL(text).origin === text.replace(/\/$/, ''), 'an origin such as http://127.0.0.1:13001, without a path')
    .transform(text => new URL(text).origin),
  STROWGER_SERVICE_ID: z.string().regex(/^[a-z][a-z0-9-]{0,63}$/, 'the name of a service of the deployment'),
  STROWGER_SERVICE_SECRET: z.string().min(16, 'at least 16 characters'),
  /** How many requests a minute this service answers to one client for one account. */
  API_REQUESTS_PER_MINUTE: z.string().regex(/^[1-9]\d{0,6}$/, 'a whole number from 1 to 9999999').transform(Number).default(600),
});
export type AuthConfig = Readonly<z.infer<typeof AuthEnvironment>>;

/**
 * Reads these settings alone, frozen.
 * @throws ZodError - naming every bad variable
 */
export const authConfig = (env: NodeJS.ProcessEnv): AuthConfig => Object.freeze(AuthEnvironment.parse(env));
