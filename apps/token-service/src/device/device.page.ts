import { shownUserCode } from '@strowger/oauth-core/device-authorization';
import { choiceFacts, decisionButtons, scopeChoices, ScopeDecisionForm, signedInAs } from '../consent/scope-choices';
import { html } from '../page/html';
import { Brand, Page } from '../page/page';

/** Where somebody signs in to decide about a device; `code`: digits that were typed or came with the link. */
export const deviceLogin = (code: string | undefined): string => `/login?to=device${code === undefined ? '' : `&user_code=${code}`}`;

/** `code`: what stands in the field. `wrong`: why the code before was refused. */
export interface DeviceCodeForm { readonly csrf: string; readonly brand: Brand; readonly username: string; readonly code?: string; readonly wrong?: string }

/** Asks for the code that a device shows. A code that came with a link is only filled in: the person compares it. */
export const deviceCodePage = ({ csrf, brand, username, code, wrong }: DeviceCodeForm): Page => ({
  title: 'Connect a device', brand,
  body: html`<h1>Connect a device</h1>
<p class="soft">${code === undefined || wrong !== undefined ? 'Enter the code that your telephone or other device shows.' : 'Is this the code that your device shows? If it is another one, change it; if nothing shows a code, close this page.'}</p>
${wrong === undefined ? undefined : html`<p class="note" id="wrong" role="alert">${wrong}</p>`}
<form method="post" action="/device">
<input type="hidden" name="csrf" value="${csrf}">
<label class="field">Code
<input class="code" name="user_code" value="${code}" inputmode="numeric" autocomplete="off" spellcheck="false" required maxlength="32" placeholder="000-000-000"${wrong === undefined ? undefined : html` aria-describedby="wrong"`} autofocus></label>
<button>Continue</button>
</form>
${signedInAs(username, deviceLogin(undefined))}`,
});

/** What the decision page shows. `ip`, `since`: where and when the device asked. */
export interface DeviceDecisionForm extends ScopeDecisionForm {
  readonly code: string;
  readonly ip: string;
  readonly since: Date;
}

/** Asks a person what a device may do, and warns of whoever sent the code. */
export const deviceDecisionPage = (form: DeviceDecisionForm): Page => ({
  title: `Allow ${form.application}?`, brand: form.brand, wide: true,
  body: html`<h1><bdi>${form.application}</bdi> on a device asks for access to your account</h1>
${form.note === undefined ? undefined : html`<p class="note" role="alert">${form.note}</p>`}
<p class="code">${shownUserCode(form.code)}</p>
<p class="note"><strong>Allow only a device that is in front of you</strong> and shows this code. Whoever sent you a code or a link, by mail or on the telephone, would get the access.</p>
${signedInAs(form.username, deviceLogin(form.code))}
<form method="post" action="/device">
<input type="hidden" name="csrf" value="${form.csrf}">
<input type="hidden" name="shown" value="${form.shown}">
<input type="hidden" name="user_code" value="${form.code}">
<h2>It would be able to</h2>
${scopeChoices(form.offered, form.chosen)}
${choiceFacts(form.readOnly, form.until, html`The device asked at <strong><time datetime="${form.since.toISOString()}">${timeOf(form.since)} UTC</time></strong> from the address <strong>${form.ip}</strong>.`)}
${decisionButtons}
</form>`,
});

/** After a yes. */
export const deviceAllowedPage = (application: string, brand: Brand): Page => ({
  title: 'Device connected', brand,
  body: html`<h1>Your device is connected</h1>
<p class="soft"><bdi>${application}</bdi> goes on by itself within a few seconds. You can close this page.</p>
<p class="soft">You can take the access back at any time, where your connected applications are listed.</p>`,
});

/** After a no. */
export const deviceDeniedPage = (application: string, brand: Brand): Page => ({
  title: 'Device denied', brand,
  body: html`<h1>The device gets nothing</h1>
<p class="soft">You denied <bdi>${application}</bdi> the access. You can close this page.</p>
<p><a href="/device">Enter another code</a></p>`,
});

const timeOf = (date: Date): string => date.toISOString().slice(11, 16);
