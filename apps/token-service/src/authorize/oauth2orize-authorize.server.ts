import { createServer, OAuth2Server } from 'oauth2orize';
import { Approval } from '@strowger/models/authorization-transactions/authorizations.store';
import { OAuthError } from '@strowger/oauth-core/oauth-error';
import { Origin } from '@strowger/oauth-core/ports';
import { Asking, ResponseType } from './response-type';

type Accepted = ReturnType<ResponseType['accept']>;
type Answer = Awaited<ReturnType<ResponseType['answer']>>;
type Handle = (request: object, response: object, next: (error?: unknown) => void) => void;
interface Asked { readonly query: { readonly response_type: string }; readonly asking: Asking }
interface Answering { readonly approval: Approval; readonly origin: Origin; readonly at: Date; readonly answered: (answer: Promise<Answer>) => void }

/** The authorization endpoint's dispatch by `response_type`: what is asked of a request, and how it is answered. Its transactions are ours, in the database. */
export class AuthorizeServer {
  readonly responseTypes: readonly string[];
  private readonly server: OAuth2Server = createServer();

  constructor(types: readonly ResponseType[]) {
    for (const type of types) {
      const request = ({ asking }: Asked) => ({ clientID: asking.application.client_id, accepted: type.accept(asking) });
      const response = ({ answering: { approval, origin, at, answered } }: { readonly answering: Answering }): void => { answered(type.answer(approval, origin, at)); };
      this.server.grant({ name: type.type, request, response } as never);
    }
    this.responseTypes = types.map(type => type.type);
  }

  /** @throws OAuthError invalid_request, unsupported_response_type, and what the response type refuses with */
  accept(asking: Asking): Promise<Accepted> {
    const responseType = asking.params.get('response_type');
    if (responseType === undefined) return Promise.reject(new OAuthError('invalid_request', `response_type is missing; this server knows ${this.responseTypes.join(', ')}`));
    return new Promise((resolve, reject) => {
      const validate = (request: { readonly accepted: Accepted }): void => { resolve(request.accepted); };
      const handle = this.server.authorize(validate as never, undefined as never) as unknown as Handle;
      handle({ query: { response_type: responseType }, asking } satisfies Asked, {}, error => {
        reject(error instanceof OAuthError ? error : new OAuthError('unsupported_response_type', `this server knows the response types ${this.responseTypes.join(', ')}`, { cause: error }));
      });
    });
  }

  /** Answers an allowed request. @throws what the response type throws */
  answer(approval: Approval, origin: Origin, at: Date): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const handle = this.server.decision({ loadTransaction: false } as never) as unknown as Handle;
      handle({ body: {}, oauth2: { req: { type: approval.request.response_type }, answering: { approval, origin, at, answered: resolve } satisfies Answering } }, { end: () => undefined }, error => {
        reject(error instanceof Error ? error : new Error(String(error)));
      });
    });
  }
}
