import { OAuthError } from '@strowger/oauth-core/oauth-error';
import { html } from './html';
import { Page } from './page';

const headings: Readonly<Record<string, string>> = {
  access_denied: 'This page is not yours to answer, or is over', rate_limit_exceeded: 'Too many attempts', temporarily_unavailable: 'Back in a moment',
  server_error: 'Something went wrong', not_found: 'There is nothing here',
};

/** What a person can do about it, by the error's code: what is wrong with the application itself, nobody but its people can mend. */
const LATER = 'Reload this page to try again.', NOT_YOURS = 'Whoever runs the application can mend it, and needs what stands on this page.';
const advice: Readonly<Record<string, string>> = { temporarily_unavailable: LATER, rate_limit_exceeded: LATER, invalid_request: NOT_YOURS, unauthorized_client: NOT_YOURS };

/** What a person is told where no application can be: `description` in words, and the request's id for whoever looks into it. Never an internal text. */
export const errorPage = ({ code, description }: OAuthError, requestId: string): Page => ({
  title: 'Error',
  body: html`<h1>${headings[code] ?? 'This request cannot go on'}</h1>
<p class="soft">${sentence(description)}</p>
<p class="soft">Nothing was changed. ${advice[code] ?? 'Go back to the application you came from and begin again; if it happens again, its developer needs the line below.'}</p>`,
  footer: html`<code>${code}</code> · request <code>${requestId}</code>`,
});

/** A text of an error as a sentence; a parameter's name stays as it is. */
export const sentence = (text: string): string => `${/^[a-z]+ /.test(text) ? text.charAt(0).toUpperCase() + text.slice(1) : text}.`;
