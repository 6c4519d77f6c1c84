import { z } from 'zod';
import { MessagingEnvironment } from '@strowger/messaging/messaging.config';
import { ModelsEnvironment } from '@strowger/models/models.config';
import { DEVICE_CODE_SECONDS, DEVICE_GRACE_SECONDS, DEVICE_INTERVAL_SECONDS } from '@strowger/oauth-core/device-authorization';
import { environmentOrExit } from '@strowger/service/environment';
import { ServiceEnvironment } from '@strowger/service/service.config';

const number = (least: number, most: number, standard: number) =>
  z.string().regex(/^\d{1,9}$/, `a whole number from ${String(least)} to ${String(most)}`).transform(Number)
    .refine(n => n >= least && n <= most, `a whole number from ${String(least)} to ${String(most)}`).default(standard);
const loopback = /^(localhost|127\.0\.0\.1|\[::1\])$/;
const KEY_BYTES = 32;

const TokenServiceEnvironment = z.object({
  ...ServiceEnvironment.shape, ...ModelsEnvironment.shape, ...MessagingEnvironment.shape,
  /** The issuer (RFC 8414), an origin without a path or a trailing slash. */
  STROWGER_ISSUER: z.url({ protocol: /^https?$/ }).refine(text => URL.canParse(text) && new URL(text).origin === text, 'an origin such as https://auth.example.com, without a path'),
  /** '1' lets an issuer without TLS start; for a loopback host it is not needed. */
  STROWGER_INSECURE: z.enum(['0', '1']).default('0'),
  /** `id:base64url,…`: keys of 32 bytes; the first is current. They wrap the signing keys, and refresh keys are derived from them. */
  STROWGER_KEYS: z.string().transform((text, context) => text.split(',').map(part => {
    const [id = '', secret = ''] = part.split(':');
    const bytes = Buffer.from(secret, 'base64url');
    if (!/^[A-Za-z0-9_-]{1,32}$/.test(id) || bytes.length !== KEY_BYTES) context.addIssue({ code: 'custom', message: 'id:base64url of 32 bytes, separated by commas' });
    return { id, secret: bytes };
  })).refine(keys => new Set(keys.map(({ id }) => id)).size === keys.length, 'two keys have the same id'),
  /** `id:sha256 in hex,…`: the deployment's own services and the hashes of their introspection secrets. */
  STROWGER_SERVICES: z.string().default('').transform((text, context) => new Map(text.split(',').filter(part => part !== '').map(part => {
    const [id = '', hash = ''] = part.split(':');
    if (!/^[a-z][a-z0-9-]{0,63}$/.test(id) || !/^[0-9a-f]{64}$/.test(hash)) context.addIssue({ code: 'custom', message: 'id:sha256 in hex, separated by commas' });
    return [id, Buffer.from(hash, 'hex')] as const;
  }))),
  ACCESS_TOKEN_TTL_MAX_SECONDS: number(60, 604_800, 86_400),
  /** How long a signing key signs. */
  SIGNING_KEY_ROTATION_SECONDS: number(1, 31_536_000, 2_592_000),
  /** How long it is published before: longer than resource servers keep what they fetched from jwks.json (some gateways: two hours). */
  SIGNING_KEY_PUBLISHED_SECONDS: number(1, 604_800, 10_800),
  REFRESH_GRACE_SECONDS: number(1, 60, 10),
  AUTHORIZATION_CODE_SECONDS: number(1, 600, 60),
  CODE_REPLAY_SECONDS: number(1, 60, 10),
  AUTHORIZATION_TRANSACTION_SECONDS: number(1, 3600, 900),
  DEVICE_CODE_SECONDS: number(1, 1800, DEVICE_CODE_SECONDS),
  DEVICE_INTERVAL_SECONDS: number(1, 60, DEVICE_INTERVAL_SECONDS),
  DEVICE_GRACE_SECONDS: number(1, 600, DEVICE_GRACE_SECONDS),
  LOGIN_SESSION_SECONDS: number(1, 2_592_000, 43_200),
  OUTBOX_MAX_AGE_SECONDS: number(1, 604_800, 86_400),
  JANITOR_EVERY_SECONDS: number(1, 86_400, 600),
  RECONCILE_EVERY_SECONDS: number(1, 3600, 60),
  PASSWORD_WINDOW_SECONDS: number(1, 86_400, 900),
  WRONG_PASSWORDS_PER_ACCOUNT_AND_ADDRESS: number(1, 1_000_000, 10),
  WRONG_PASSWORDS_PER_ACCOUNT_FROM_STRANGERS: number(1, 1_000_000, 10),
  WRONG_PASSWORDS_PER_ADDRESS: number(1, 1_000_000, 100),
  /** Names that an API access may try in PASSWORD_WINDOW_SECONDS in token exchanges and that come to nothing. */
  WRONG_NAMES_PER_ACCOUNT: number(1, 1_000_000, 100),
  WRONG_SECRETS_PER_ADDRESS_AND_MINUTE: number(1, 1_000_000, 300),
  USER_CODE_WINDOW_SECONDS: number(1, 86_400, 900),
  WRONG_USER_CODES_PER_ACCOUNT: number(1, 1_000_000, 10),
  WRONG_USER_CODES_PER_ADDRESS: number(1, 1_000_000, 100),
  /** Authorization requests of browsers that nobody is logged in at, and device authorizations; each of them by itself. */
  BEGINNINGS_PER_ADDRESS_AND_MINUTE: number(1, 1_000_000, 300),
  /** Requests to this service's management API, for each client and account. */
  API_REQUESTS_PER_MINUTE: number(1, 9_999_999, 600),
}).refine(env => env.STROWGER_ISSUER.startsWith('https:') || env.STROWGER_INSECURE === '1' || loopback.test(URL.parse(env.STROWGER_ISSUER)?.hostname ?? ''),
  { path: ['STROWGER_ISSUER'], message: 'must be https unless its host is loopback or STROWGER_INSECURE=1' });

export type TokenServiceConfig = Readonly<z.infer<typeof TokenServiceEnvironment>>;

/** Every setting of this service. A bad one is named, with all other bad ones, and the process exits. */
export const tokenServiceConfig = (): TokenServiceConfig => environmentOrExit(TokenServiceEnvironment, process.env);

/** `aud` of every access token: the deployment's APIs. */
export const audienceOf = (config: Pick<TokenServiceConfig, 'STROWGER_ISSUER'>): string => `${config.STROWGER_ISSUER}/api`;
