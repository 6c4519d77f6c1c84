import { OAuthError } from '@strowger/oauth-core/oauth-error';
import { placeOf } from '../consent/consent.page';
import { sentence } from '../page/error.page';
import { html } from '../page/html';
import { Page } from '../page/page';

/** An error that would go to a website which was registered a moment ago, told to the person first: whoever registers a website must not get people sent there by this server. */
export const heldAnswerPage = (application: string, { description }: OAuthError, to: string): Page => ({
  title: 'Error',
  body: html`<h1>This request cannot go on</h1>
<p class="soft">${sentence(description)}</p>
<p class="soft">The website <strong><bdi>${placeOf(to)}</bdi></strong> of the application <strong><bdi>${application}</bdi></strong> was registered a short time ago. Go there only if that is where you came from, and never enter the password of your telephone system account there.</p>
<a class="button second" rel="noreferrer" href="${to}">Go back to <bdi>${placeOf(to)}</bdi></a>`,
});
