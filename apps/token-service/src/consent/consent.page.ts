import { html } from '../page/html';
import { Page } from '../page/page';
import { choiceFacts, decisionButtons, scopeChoices, ScopeDecisionForm, signedInAs } from './scope-choices';

/** What the consent page shows. */
export interface ConsentForm extends ScopeDecisionForm {
  readonly transaction: string;
  readonly redirect_uri: string;
}

/** Asks a person what an application may do: who asks, as whom, for what, until when. */
export const consentPage = (form: ConsentForm): Page => ({
  title: `Allow ${form.application}?`, brand: form.brand, wide: true, mayGoTo: form.redirect_uri,
  body: html`<h1><bdi>${form.application}</bdi> asks for access to your account</h1>
${form.note === undefined ? undefined : html`<p class="note" role="alert">${form.note}</p>`}
${signedInAs(form.username, `/login?transaction=${form.transaction}`)}
<form method="post" action="/oauth/authorize/decision">
<input type="hidden" name="csrf" value="${form.csrf}">
<input type="hidden" name="shown" value="${form.shown}">
<input type="hidden" name="transaction" value="${form.transaction}">
<h2>It would be able to</h2>
${scopeChoices(form.offered, form.chosen)}
${choiceFacts(form.readOnly, form.until, html`You will go back to <strong><bdi>${placeOf(form.redirect_uri)}</bdi></strong>.`)}
${decisionButtons}
</form>`,
});

/** A website's host; of a program on one's own machine, its scheme or that it is one. */
export function placeOf(uri: string): string {
  const { protocol, host, hostname } = new URL(uri);
  if (!/^https?:$/.test(protocol)) return protocol.slice(0, -1);
  return /^(127\.0\.0\.1|\[::1\]|localhost)$/.test(hostname) ? `this device (${host})` : host;
}
