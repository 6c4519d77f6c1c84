import { z } from 'zod';
import { accountKinds, accessLevels, AccessTokenClaims, Actor, roles } from '@strowger/oauth-core/facts';

const version = z.int().nonnegative();

const ActorClaim: z.ZodType<Actor> = z.lazy(() => z.object({ sub: z.string(), act: ActorClaim.exactOptional() }));

/** The claims of an access token as they come from outside: in a JWT, or in an answer of the introspection endpoint. What is no claim is left out. */
export const Claims: z.ZodType<AccessTokenClaims> = z.object({
  iss: z.string(), sub: z.string().min(1), aud: z.string(), client_id: z.string(), exp: z.int(), iat: z.int(), jti: z.string(), scope: z.string(),
  tenant_id: z.string().min(1), application_id: z.string(), grant_id: z.string().exactOptional(),
  account_kind: z.enum(accountKinds), role: z.enum(roles), access_level: z.enum(accessLevels), read_only: z.boolean(), impersonation: z.boolean(),
  switchboards: z.array(z.string()).exactOptional(), owner: z.string().min(1).exactOptional(), actor_owners: z.array(z.string().min(1)).exactOptional(),
  rights: z.object({ tenant: version, application: version, account: version, owner: version.exactOptional(), actors: z.array(version).exactOptional(), actor_owners: z.array(version).exactOptional() }),
  act: ActorClaim.exactOptional(),
});
