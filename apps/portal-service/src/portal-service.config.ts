import { z } from 'zod';
import { environmentOrExit } from '@strowger/service/environment';
import { ServiceEnvironment } from '@strowger/service/service.config';

const origin = z.url({ protocol: /^https?$/ }).refine(text => URL.canParse(text) && new URL(text).origin === text.replace(/\/$/, ''), 'an origin such as http://127.0.0.1:13001, without a path').transform(text => new URL(text).origin);
const { TRUSTED_PROXIES, ...rest } = ServiceEnvironment.shape;

const PortalServiceEnvironment = z.object({
  ...rest,
  /**
   * Addresses or networks of what stands before the front door (a TLS terminator), whose X-Forwarded-For is believed. Not TRUSTED_PROXIES:
   * that names the front door to the services behind it, and in an environment common to all it would make strangers on this host believed.
   */
  FRONT_TRUSTED_PROXIES: TRUSTED_PROXIES,
  TOKEN_SERVICE_URL: origin, APP_REGISTRY_SERVICE_URL: origin, SCOPE_SERVICE_URL: origin, AUDIT_SERVICE_URL: origin, PBX_API_SERVICE_URL: origin,
}).transform(({ FRONT_TRUSTED_PROXIES, ...env }) => ({ ...env, TRUSTED_PROXIES: FRONT_TRUSTED_PROXIES }));

export type PortalServiceConfig = Readonly<z.infer<typeof PortalServiceEnvironment>>;

/** Every setting of this service. A bad one is named, with all other bad ones, and the process exits. */
export const portalServiceConfig = (env: NodeJS.ProcessEnv = process.env): PortalServiceConfig => environmentOrExit(PortalServiceEnvironment, env);
