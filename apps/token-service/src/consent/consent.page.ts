import { OfferedScope } from '@strowger/oauth-core/consent-scope';
import { html } from '../page/html';
import { Brand, Page } from '../page/page';
import { choiceFacts, decisionButtons, scopeChoices, signedInAs } from './scope-choices';

/** What the consent page shows. `until`: how long the access lasts at most; `chosen`: the keys that are ticked. */
export interface ConsentForm {
  readonly csrf: string;
  readonly shown: string;
  readonly transaction: string;
  readonly brand: Brand;
  readonly application: string;
  readonly username: string;
  readonly readOnly: boolean;
  readonly offered: readonly OfferedScope[];
  readonly chosen: ReadonlySet<string>;
  readonly until: Date;
  readonly redirect_uri: string;
  readonly note?: string;
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
