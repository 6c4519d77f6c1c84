import { OfferedScope } from '@strowger/oauth-core/consent-scope';
import { html, Html } from '../page/html';
import { Brand, initialOf } from '../page/page';

/**
 * What every page shows that asks a person what an application may do. `shown`: a digest of it, which comes back with the answer; `chosen`: the keys that are ticked;
 * `until`: how long the access lasts at most; `note`: why it is asked again.
 */
export interface ScopeDecisionForm {
  readonly csrf: string;
  readonly shown: string;
  readonly brand: Brand;
  readonly application: string;
  readonly username: string;
  readonly readOnly: boolean;
  readonly offered: readonly OfferedScope[];
  readonly chosen: ReadonlySet<string>;
  readonly until: Date;
  readonly note?: string;
}

/** Field names of the choices, so that no announced scope can be taken for another field. */
const CHOICE = 'scope.';

/** The keys that a form brought back ticked. */
export const chosenIn = (form: ReadonlyMap<string, string>): ReadonlySet<string> => new Set([...form.keys()].filter(name => name.startsWith(CHOICE)).map(name => name.slice(CHOICE.length)));

/** What is offered, by module, as boxes to tick; those in `chosen` are ticked. */
export const scopeChoices = (offered: readonly OfferedScope[], chosen: ReadonlySet<string>): Html => html`<div>
${modulesOf(offered).map(([module, choices]) => moduleChoices(module, choices, chosen))}
</div>`;

/** What a person may untick, and until when the rest is given. `afterwards`: where that leads. */
export const choiceFacts = (readOnly: boolean, until: Date, afterwards: Html): Html => html`<div class="facts">
<p>Untick whatever you would rather not give.${readOnly ? ' Your account can only read, so nothing can be changed whatever you tick.' : ''}</p>
<p>Until <strong><time datetime="${until.toISOString()}">${dayOf(until)}</time></strong> at the latest. ${afterwards}</p>
</div>`;

/** The two answers; the first button of the form is the one that gives nothing. */
export const decisionButtons: Html = html`<div class="actions">
<button class="second" name="decision" value="deny">Deny</button>
<button name="decision" value="allow">Allow</button>
</div>`;

/** As whom a person decides. `other`: where somebody else signs in. */
export const signedInAs = (username: string, other: string): Html =>
  html`<div class="who"><i aria-hidden="true">${initialOf(username)}</i><div><small>Signed in as</small><br><strong><bdi>${username}</bdi></strong></div><a href="${other}">Not you?</a></div>`;

function modulesOf(offered: readonly OfferedScope[]): [string, OfferedScope[]][] {
  const modules = new Map<string, OfferedScope[]>();
  for (const one of offered) modules.set(one.module, [...modules.get(one.module) ?? [], one]);
  return [...modules];
}

const moduleChoices = (module: string, choices: readonly OfferedScope[], chosen: ReadonlySet<string>): Html => html`<div class="module" role="group" aria-labelledby="module-${module}">
<h3 id="module-${module}">${titleOf(module)}</h3>
<div>${choices.map(({ key, descriptions, writes }) => html`<label class="choice"><input type="checkbox" name="${CHOICE}${key}" value="yes"${chosen.has(key) ? html` checked` : undefined}><span>${descriptions.map((what, i) => html`${i === 0 ? undefined : html`<br>`}${what}`)}${writes ? html` <span class="tag">can change</span>` : undefined}</span></label>
`)}</div>
</div>
`;

/** Modules of the seeds that are two words; any other is its own title. */
const titles: ReadonlyMap<string, string> = new Map([['callforward', 'Call forwarding'], ['calllog', 'Call log'], ['eventhandlers', 'Event handlers'], ['user', 'Your profile'], ['rest', 'REST API'], ['gql', 'GraphQL API'], ['strowger', 'Administration']]);
const titleOf = (module: string): string => titles.get(module) ?? module.charAt(0).toUpperCase() + module.slice(1).replace(/[_-]/g, ' ');
const dayOf = (date: Date): string => date.toLocaleDateString('en-GB', { day: 'numeric', month: 'long', year: 'numeric', timeZone: 'UTC' });
