import { Approval } from '@strowger/models/authorization-transactions/authorizations.store';
import { ApplicationFacts, TenantFacts } from '@strowger/oauth-core/facts';
import { Origin } from '@strowger/oauth-core/ports';

/** An authorization request whose answer would reach its application. */
export interface Asking { readonly application: ApplicationFacts; readonly tenant: TenantFacts; readonly params: ReadonlyMap<string, string>; readonly at: Date }

/** What a response type of its own asks of a request, and how it answers once access was allowed. */
export interface ResponseType {
  readonly type: string;
  /** @throws OAuthError invalid_request, unauthorized_client - told to the application */
  accept(asking: Asking): { readonly code_challenge?: string };
  /** The parameters of the answer; what they stand for is durable. `at`: when the request began. @throws OAuthError unauthorized_client - the application may not any more */
  answer(approval: Approval, origin: Origin, at: Date): Promise<Readonly<Record<string, string>>>;
}
