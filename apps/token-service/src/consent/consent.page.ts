import { OfferedScope } from '@strowger/oauth-core/consent-scope';
import { html, Html } from '../page/html';
import { Brand, initialOf, Page } from '../page/page';

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

/** Field names of the choices, so that no announced scope can be taken for another field. */
export const CHOICE = 'scope.';

/** Asks a person what an application may do: who asks, as whom, for what, until when. The first button of the form is the one that gives nothing. */
export const consentPage = (form: ConsentForm): Page => ({
  title: `Allow ${form.application}?`, brand: form.brand, wide: true, mayGoTo: form.redirect_uri,
  body: html`<h1><bdi>${form.application}</bdi> asks for access to your account</h1>
${form.note === undefined ? undefined : html`<p class="note" role="alert">${form.note}</p>`}
<div class="who"><i aria-hidden="true">${initialOf(form.username)}</i><div><small>Signed in as</small><br><strong><bdi>${form.username}</bdi></strong></div><a href="/login?transaction=${form.transaction}">Not you?</a></div>
<form method="post" action="/oauth/authorize/decision">
<input type="hidden" name="csrf" value="${form.csrf}">
<input type="hidden" name="shown" value="${form.shown}">
<input type="hidden" name="transaction" value="${form.transaction}">
<h2>It would be able to</h2>
<div>
${modulesOf(form.offered).map(([module, choices]) => moduleChoices(module, choices, form.chosen))}
</div>
<div class="facts">
<p>Untick whatever you would rather not give.${form.readOnly ? ' Your account can only read, so nothing can be changed whatever you tick.' : ''}</p>
<p>Until <strong><time datetime="${form.until.toISOString()}">${dayOf(form.until)}</time></strong> at the latest. You will go back to <strong><bdi>${placeOf(form.redirect_uri)}</bdi></strong>.</p>
</div>
<div class="actions">
<button class="second" name="decision" value="deny">Deny</button>
<button name="decision" value="allow">Allow</button>
</div>
</form>`,
});

function modulesOf(offered: readonly OfferedScope[]): [string, OfferedScope[]][] {
  const modules = new Map<string, OfferedScope[]>();
  for (const one of offered) modules.set(one.module, [...modules.get(one.module) ?? [], one]);
  return [...modules];
}

const moduleChoices = (module: string, choices: readonly OfferedScope[], chosen: ReadonlySet<string>): Html => html`<div class="module" role="group" aria-labelledby="module-${module}">
<h3 id="module-${module}">${titleOf(module)}</h3>
<div>${choices.map(({ key, descriptions, writes }) => html`<label class="choice"><input type="checkbox" name="${CHOICE}${key}" value="yes"${chosen.has(key) ? html` checked` : undefined}><span>${descriptions.join(', ')}${writes ? html` <span class="tag">can change</span>` : undefined}</span></label>
`)}</div>
</div>
`;

/** Modules of the seeds that are two words; any other is its own title. */
const titles: ReadonlyMap<string, string> = new Map([['callforward', 'Call forwarding'], ['calllog', 'Call log'], ['eventhandlers', 'Event handlers'], ['user', 'Your profile'], ['rest', 'REST API'], ['gql', 'GraphQL API'], ['strowger', 'Administration']]);
const titleOf = (module: string): string => titles.get(module) ?? module.charAt(0).toUpperCase() + module.slice(1).replace(/[_-]/g, ' ');
const dayOf = (date: Date): string => date.toLocaleDateString('en-GB', { day: 'numeric', month: 'long', year: 'numeric', timeZone: 'UTC' });
/** A website's host; of a program on one's own machine, its scheme or that it is one. */
function placeOf(uri: string): string {
  const { protocol, host, hostname } = new URL(uri);
  if (!/^https?:$/.test(protocol)) return protocol.slice(0, -1);
  return /^(127\.0\.0\.1|\[::1\]|localhost)$/.test(hostname) ? `this device (${host})` : host;
}
