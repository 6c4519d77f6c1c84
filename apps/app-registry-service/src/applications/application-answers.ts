import { Application } from '@strowger/models/applications/applications.reader';
import { ApiUrls } from '../api-urls';
import { workingSecrets } from './application-secrets';

/** Shows applications to people: everything but the secrets themselves, of which neither text nor hash is ever shown. */
export class ApplicationAnswers {
  constructor(private readonly urls: ApiUrls, private readonly now: () => Date) {}

  of(application: Application) {
    const { id, client_id, name, type, scope, access_level, redirect_uris, description, website, password_grant, token_format, status, owner } = application;
    return {
      client_id, application_id: id, name, type, scope, access_level, redirect_uris,
      ...(description !== undefined && { description }), ...(website !== undefined && { website }),
      password_grant, token_format, status, owner,
      secrets: workingSecrets(application.secrets, this.now()).map(secret => ({ id: secret.id, created_at: secret.created_at, ...(secret.expires_at && { expires_at: secret.expires_at }) })),
      previous_client_ids: application.previous_client_ids,
      ...(application.access_level_request && { access_level_request: application.access_level_request }),
      created_at: application.created_at, urls: this.urls,
    };
  }
}
