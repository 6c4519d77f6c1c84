import { DeviceAuthorizationFacts } from './device-authorization';
import { AccessTokenClaims, AccountFacts, Actor, ApplicationFacts, TenantFacts } from './facts';
import { GrantFacts } from './refresh-token';
import { KnownScopes } from './scope';
import { Standing } from './standing';

/** What is known of applications, accounts, tenants and scopes; an answer may be up to 5 s old unless `fresh` is asked for. */
export abstract class Facts {
  abstract applicationByClientId(clientId: string): Promise<ApplicationFacts | undefined>;
  /** The same, judged again: read anew unless that happened within the last second. For what did not match. */
  abstract applicationByClientIdAgain(clientId: string): Promise<ApplicationFacts | undefined>;
  abstract application(id: string, how?: { fresh: boolean }): Promise<ApplicationFacts | undefined>;
  abstract account(id: string, how?: { fresh: boolean }): Promise<AccountFacts | undefined>;
  abstract tenant(id: string, how?: { fresh: boolean }): Promise<TenantFacts | undefined>;
  /** The catalogue of what can be granted. `again`: read anew, as above. */
  abstract knownScopes(how?: { again: boolean }): Promise<KnownScopes>;
}

/** Where a request came from; stands in its events. */
export interface Origin { readonly ip: string; readonly user_agent?: string; readonly request_id: string }

/** Who did something, for its events: an account, by a client; or a client for itself. `act`: who acted in the account's name. */
export interface By { readonly account_id?: string; readonly client_id?: string; readonly act?: Actor }

/** Checks a resource owner's password, within the limits that all instances share. */
export abstract class PasswordCheck {
  /**
   * `accept`: what stands for the account here, undefined where it may not log in: a right password counts as a wrong one then.
   * @returns what was accepted, or undefined for an unknown or unaccepted account and a wrong password alike, after the same work
   * @throws OAuthError invalid_request (no password is so long), rate_limit_exceeded, temporarily_unavailable
   */
  abstract check<T>(username: string, password: string, origin: Origin, accept: (account: AccountFacts) => Promise<T | undefined>): Promise<T | undefined>;
}

/** Judges access tokens that callers present. */
export abstract class PresentedTokens {
  /** The claims of a token that is active, as issued, and what stands behind it now. `fresh`: read now, not taken from a cache. */
  abstract active(text: string, how: { fresh: boolean }): Promise<{ readonly claims: AccessTokenClaims; readonly standing: Standing } | undefined>;
}

/** Finds accounts by what people call them, within a limit of wrong names. */
export abstract class NamedAccounts {
  /**
   * The account of the caller's tenant with this username, or else the one user with this e-mail. `accept`: what stands for it here, undefined
   * where it may not be named: it counts as unknown then.
   * @returns what was accepted
   * @throws OAuthError rate_limit_exceeded - the caller named too many that came to nothing
   */
  abstract find<T>(name: string, caller: AccountFacts, accept: (account: AccountFacts) => Promise<T | undefined>): Promise<T | undefined>;
}

/** A grant and the database's time at which it was read. */
export interface GrantAt { readonly grant: GrantFacts; readonly now: Date }

/** Grants, their refresh generations, and the consents they stand on. */
export abstract class Grants {
  /**
   * Begins a grant that a password stands for: an implied consent where there is none, then the grant, durable with its event.
   * @throws OAuthError invalid_grant - the consent was removed meanwhile
   */
  abstract begin(standing: Standing, grantType: string, scope: string, origin: Origin): Promise<GrantFacts>;
  abstract read(id: string): Promise<GrantAt | undefined>;
  /** Raises the generation by one compare-and-set, unless it moved within `graceSeconds` by the database's clock. True: this call moved it, and that is durable; false: read again, somebody else may have, or this call. */
  abstract rotate(grant: GrantFacts, graceSeconds: number): Promise<boolean>;
  /** Whether an access token of this generation was ever stored. */
  abstract answered(grantId: string, generation: number): Promise<boolean>;
  /** Revokes a grant whose refresh token was used again, with its events. Revoked already: nothing. */
  abstract revokeForReuse(grant: GrantFacts, origin: Origin): Promise<void>;
  /** Uses up the code of a grant by one compare-and-set. True: this call did, and that is durable; false: somebody else had. */
  abstract useCode(grant: GrantFacts): Promise<boolean>;
  /** Whether the consent under a grant stands, read now. */
  abstract consented(grant: GrantFacts): Promise<boolean>;
  /**
   * Revokes a grant because somebody asked for it, with its event; everything it issued is dead when it answers. Revoked already: nothing.
   * @throws OAuthError temporarily_unavailable - nobody knows whether it happened; asking again is safe
   */
  abstract revoke(grant: GrantFacts, reason: string, by: By, origin: Origin): Promise<void>;
}

/** A device authorization and the database's time at which it was read. */
export interface DeviceAuthorizationAt { readonly device: DeviceAuthorizationFacts; readonly now: Date }

/** Device authorizations as the device sees them: it polls, and is answered once. Nothing here is an event. */
export abstract class DeviceAuthorizations {
  abstract read(deviceCode: string): Promise<DeviceAuthorizationAt | undefined>;
  /** Takes the turn of a poll by one compare-and-set. False: the interval since the last one is not over, by the database's clock. */
  abstract poll(device: DeviceAuthorizationFacts): Promise<boolean>;
  /** Makes the interval longer, once for all that read it as it was. */
  abstract slowDown(device: DeviceAuthorizationFacts): Promise<void>;
  /** Notes the first answer; later ones change nothing. */
  abstract use(device: DeviceAuthorizationFacts): Promise<void>;
}
