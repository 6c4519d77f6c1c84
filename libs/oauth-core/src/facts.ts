/** Application types (design: RFC 6749 §2.1 and seed 000), in the order they are offered. */
export const applicationTypes = ['web_server', 'browser', 'native', 'machine_to_machine'] as const;
export type ApplicationType = (typeof applicationTypes)[number];
export const accessLevels = ['call_api', 'all'] as const;
/** Ceiling on writes that an application has (seed 001). */
export type AccessLevel = (typeof accessLevels)[number];
export const roles = ['user', 'auditor', 'administrator'] as const;
export type Role = (typeof roles)[number];
export const accessTypes = ['full', 'read_only'] as const;
/** Ceiling on writes that an account has (seed 001's "read_only" users). */
export type AccessType = (typeof accessTypes)[number];
export const accountKinds = ['user', 'api_access'] as const;
/** A person, or an API access that a person made (seed 003). */
export type AccountKind = (typeof accountKinds)[number];
export type TokenFormat = 'jwt' | 'opaque';

/** Tenant of what belongs to the deployment: the reserved application `api`. */
export const DEPLOYMENT = '_';
/** `client_id` and `_id` of the reserved application of seed 003. */
export const RESERVED_APPLICATION = 'api';

/** What the token path must know of a tenant, a customer's PBX. Durations are seconds. */
export interface TenantFacts {
  readonly id: string;
  readonly name: string;
  readonly password_grant: boolean;
  readonly password_grant_until?: Date;
  readonly implicit_grant: boolean;
  readonly implicit_grant_until?: Date;
  readonly api_application: boolean;
  readonly access_token_ttl_seconds: number;
  readonly refresh_token_ttl_seconds: number;
  readonly rights_version: number;
  readonly sign_out_version: number;
}

/** A client secret as it is kept: SHA-256 of the text, never the text. */
export interface SecretFacts { readonly id: string; readonly hash: Buffer; readonly expires_at?: Date }

/** What the token path must know of an application. `id` never changes; `client_id` is replaced by regeneration. */
export interface ApplicationFacts {
  readonly id: string;
  readonly tenant_id: string;
  readonly client_id: string;
  readonly name: string;
  readonly type: ApplicationType;
  readonly access_level: AccessLevel;
  /** Registered scope, space-separated; never the word `all`. */
  readonly scope: string;
  /** Where authorization answers may go, each exactly as registered. */
  readonly redirect_uris: readonly string[];
  /** When one was last added; absent: long ago. */
  readonly redirect_uris_at?: Date;
  readonly owner: string;
  readonly password_grant: boolean;
  readonly token_format: TokenFormat;
  readonly secrets: readonly SecretFacts[];
  readonly status: 'active' | 'disabled' | 'deleted';
  readonly rights_version: number;
  readonly sign_out_version: number;
}

/** What the token path must know of an account. `password_hash` is argon2id in PHC form. */
export interface AccountFacts {
  readonly id: string;
  readonly tenant_id: string;
  readonly kind: AccountKind;
  readonly username: string;
  /** Of an API access: the account that made it. */
  readonly owner?: string;
  readonly extension_id?: string;
  readonly password_hash: string;
  readonly role: Role;
  readonly access: AccessType;
  readonly impersonation: boolean;
  readonly switchboards?: readonly string[];
  readonly status: 'active' | 'blocked' | 'deleted';
  readonly rights_version: number;
  readonly sign_out_version: number;
}

/**
 * Versions of everything a token's rights depend on; lower than the known one is refused. `owner`: of an API access, the account that made it.
 * `actors`, `actor_owners`: of each actor of `act`, outermost first, and of the account that made it.
 */
export interface RightsVersions {
  readonly tenant: number;
  readonly application: number;
  readonly account: number;
  readonly owner?: number;
  readonly actors?: readonly number[];
  readonly actor_owners?: readonly number[];
}

/** RFC 8693 §4.1. */
export interface Actor { readonly sub: string; readonly act?: Actor }

/** The ceilings that come as claims. */
export interface Ceilings {
  readonly account_kind: AccountKind;
  readonly role: Role;
  readonly access_level: AccessLevel;
  readonly read_only: boolean;
  readonly impersonation: boolean;
  readonly switchboards?: readonly string[];
}

/** Every claim of an access token (RFC 9068 and ours). `exp`, `iat` are seconds since the epoch; `scope` is space-separated. */
export interface AccessTokenClaims extends Ceilings {
  readonly iss: string;
  readonly sub: string;
  readonly aud: string;
  readonly client_id: string;
  readonly exp: number;
  readonly iat: number;
  readonly jti: string;
  readonly scope: string;
  readonly tenant_id: string;
  readonly application_id: string;
  readonly grant_id?: string;
  /** Of an API access: the account that made it, so that a guard knows whose version `rights.owner` is. */
  readonly owner?: string;
  /** Of each actor of `act`, outermost first: the account that made it, likewise for `rights.actor_owners`. */
  readonly actor_owners?: readonly string[];
  readonly rights: RightsVersions;
  readonly act?: Actor;
}
