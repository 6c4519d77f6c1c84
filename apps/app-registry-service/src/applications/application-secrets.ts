import { randomBytes } from 'node:crypto';
import { generateSecret, hashSecret } from '@strowger/credentials/client-secret';
import { Application } from '@strowger/models/applications/applications.reader';
import { SecretDocument } from '@strowger/models/applications/applications.schema';
import { OAuthError } from '@strowger/oauth-core/oauth-error';

const MAX_WORKING = 5;
const PREVIOUS_CLIENT_IDS_KEPT = 20;

/** A new client secret: `text` is shown once, `kept` is stored. */
export interface FreshSecret { readonly text: string; readonly kept: SecretDocument }

export function freshSecret(now: Date): FreshSecret {
  const text = generateSecret();
  return { text, kept: { id: randomBytes(8).toString('hex'), hash: hashSecret(text), created_at: now } };
}

const works = (secret: SecretDocument, now: Date): boolean => !secret.expires_at || secret.expires_at > now;

/** The secrets that work at the moment `now`. */
export const workingSecrets = (secrets: readonly SecretDocument[], now: Date): SecretDocument[] => secrets.filter(secret => works(secret, now));

/**
 * With a new secret beside the older ones, which end after `overlapSeconds` at the latest (0: at once).
 * @throws OAuthError invalid_request - a public client, or five older ones still work
 */
export function withNewSecret(application: Application, fresh: FreshSecret, overlapSeconds: number, now: Date): Application {
  if (application.secrets.length === 0) throw new OAuthError('invalid_request', 'this application is a public client: it has no secret to rotate');
  const end = new Date(now.getTime() + overlapSeconds * 1000);
  const older = workingSecrets(application.secrets.map(secret => (secret.expires_at && secret.expires_at < end ? secret : { ...secret, expires_at: end })), now);
  if (older.length >= MAX_WORKING) throw new OAuthError('invalid_request', `${String(MAX_WORKING)} secrets of this application still work; burn one, or rotate with overlap_seconds 0`);
  return { ...application, secrets: [...older, fresh.kept] };
}

/**
 * With one secret ended now. It stays in the list: an application that ever had a secret does not become a public client.
 * @throws OAuthError not_found - no such secret that works
 */
export function withoutSecret(application: Application, secretId: string, now: Date): Application {
  const burned = workingSecrets(application.secrets, now).find(secret => secret.id === secretId);
  if (!burned) throw new OAuthError('not_found', 'the application has no working secret of that id');
  return { ...application, secrets: application.secrets.map(secret => (secret === burned ? { ...secret, expires_at: now } : secret)) };
}

/** With new credentials only (seeds 000, 004): the old client id is remembered and works no more. */
export function withNewCredentials(application: Application, clientId: string, fresh: FreshSecret): Application {
  return {
    ...application, client_id: clientId, secrets: application.secrets.length > 0 ? [fresh.kept] : [],
    previous_client_ids: [...application.previous_client_ids, application.client_id].slice(-PREVIOUS_CLIENT_IDS_KEPT),
  };
}
