import { html } from '../page/html';
import { Brand, Page } from '../page/page';

/** Value of the field `to` of a login that goes on to the device page. */
export const DEVICE = 'device';

/** What the login page shows. `wrong`: why the attempt before was refused. */
export interface LoginForm {
  readonly csrf: string;
  readonly brand?: Brand;
  readonly wrong?: string;
  readonly username?: string;
  /** Of the authorization request it is for. */
  readonly transaction?: { readonly id: string; readonly application: string; readonly redirect_uri: string };
  /** Of a device that is to be connected: the code that came with its link. */
  readonly device?: { readonly code?: string };
}

/** A person's login; without a transaction only the session begins. */
export function loginPage({ csrf, brand, wrong, username, transaction, device }: LoginForm): Page {
  const described = wrong === undefined ? undefined : html` aria-describedby="wrong"`;
  return {
    title: 'Sign in', ...(brand && { brand }), ...(transaction && { mayGoTo: transaction.redirect_uri }),
    body: html`<h1>Sign in</h1>
<p class="soft">${transaction ? html`to continue to <bdi>${transaction.application}</bdi>` : device ? 'to connect a device, with your telephone system account' : 'with your telephone system account'}</p>
${wrong === undefined ? undefined : html`<p class="note" id="wrong" role="alert">${wrong}</p>`}
<form method="post" action="/login">
<input type="hidden" name="csrf" value="${csrf}">
${transaction && html`<input type="hidden" name="transaction" value="${transaction.id}">`}
${device && html`<input type="hidden" name="to" value="${DEVICE}">${device.code === undefined ? undefined : html`<input type="hidden" name="user_code" value="${device.code}">`}`}
<label class="field">Username or e-mail
<input name="username" value="${username}" autocomplete="username" autocapitalize="none" spellcheck="false" required maxlength="256"${described}${username === undefined ? html` autofocus` : undefined}></label>
<label class="field">Password
<input name="password" type="password" autocomplete="current-password" required maxlength="1024"${described}${username === undefined ? undefined : html` autofocus`}></label>
<button>Sign in</button>
</form>`,
  };
}

/** What a person sees who is logged in and has nothing to decide. */
export const loggedInPage = (username: string, brand: Brand, csrf: string): Page => ({
  title: 'Signed in', brand,
  body: html`<h1>You are signed in</h1>
<p class="soft">as <bdi>${username}</bdi>. Applications that ask for access to your account will ask here.</p>
<form method="post" action="/logout"><input type="hidden" name="csrf" value="${csrf}"><button class="second">Sign out</button></form>`,
});

/** After the logout. */
export const loggedOutPage = (): Page => ({
  title: 'Signed out',
  body: html`<h1>You are signed out</h1>
<p class="soft">Nobody can go on in this browser without your password. Applications keep the access you gave them.</p>
<p><a href="/login">Sign in again</a></p>`,
});
