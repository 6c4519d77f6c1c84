import { ReturnAddress } from '@strowger/oauth-core/authorization-request';
import { ApplicationFacts } from '@strowger/oauth-core/facts';

/**
 * Whether an answer reaches nobody but the application: it has a secret, or its redirect URI is a website's. Any program on
 * a person's machine can take a loopback port or a private-use scheme, so there the person is asked each time (RFC 8252 §8.6).
 */
export const provesItself = (application: ApplicationFacts, { redirect_uri }: ReturnAddress): boolean =>
  application.type === 'web_server' || redirect_uri.startsWith('https:');
