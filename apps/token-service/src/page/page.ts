import { createHash } from 'node:crypto';
import type { FastifyReply } from 'fastify';
import { html, Html } from './html';
import { stylesheet } from './stylesheet';

/** In whose name a page speaks: a tenant's name and logo (PNG). */
export interface Brand { readonly name: string; readonly logo?: Buffer }
/** `mayGoTo`: a redirect URI that a form of the page may end at, by a redirect. */
export interface Page { readonly title: string; readonly body: Html; readonly brand?: Brand; readonly wide?: boolean; readonly footer?: Html; readonly mayGoTo?: string }

const STYLE_HASH = createHash('sha256').update(stylesheet).digest('base64');
const styles = new Html(`<style>${stylesheet}</style>`);

/** Answers with a page that runs no script, loads nothing, stands in no frame, and is kept nowhere. */
export function sendPage(reply: FastifyReply, status: number, page: Page): void {
  void reply.status(status).headers({
    'Content-Type': 'text/html; charset=utf-8', 'Cache-Control': 'no-store', Pragma: 'no-cache', 'X-Content-Type-Options': 'nosniff', 'X-Frame-Options': 'DENY',
    // Not no-referrer: with it a browser sends `Origin: null` with the page's own forms.
    'Referrer-Policy': 'same-origin',
    'Content-Security-Policy': [
      'default-src \'none\'', `style-src 'sha256-${STYLE_HASH}'`, 'img-src data:', `form-action 'self'${page.mayGoTo === undefined ? '' : ` ${sourceOf(page.mayGoTo)}`}`,
      'frame-ancestors \'none\'', 'base-uri \'none\'',
    ].join('; '),
  }).send(documentOf(page).markup);
}

/** Sends a browser on with GET (303), and tells nobody where it came from. */
export function sendTo(reply: FastifyReply, uri: string): void {
  void reply.status(303).headers({ Location: uri, 'Cache-Control': 'no-store', Pragma: 'no-cache', 'Referrer-Policy': 'no-referrer' }).send();
}

/** Browsers hold `form-action` against the redirects that follow a form, too. An IPv6 address cannot stand in a policy. */
function sourceOf(uri: string): string {
  const { protocol, host } = new URL(uri);
  return /^https?:$/.test(protocol) && !host.startsWith('[') ? `${protocol}//${host}` : protocol;
}

const documentOf = ({ title, body, brand, wide, footer }: Page): Html => html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>${title}${brand ? ` · ${brand.name}` : ''}</title>
${styles}
</head>
<body>
<main${wide === true ? html` class="wide"` : undefined}>
${brandOf(brand ?? { name: 'Strowger' })}
${body}
</main>
${footer ? html`<footer>${footer}</footer>` : undefined}
</body>
</html>
`;

const brandOf = ({ name, logo }: Brand): Html => html`<p class="brand">${logo ? html`<img alt="" src="data:image/png;base64,${logo.toString('base64')}">` : html`<span class="mark" aria-hidden="true">${initialOf(name)}</span>`}<bdi>${name}</bdi></p>`;

/** The first letter or digit of a name, for where a picture would stand. */
export const initialOf = (name: string): string => (/[\p{L}\p{N}]/u.exec(name)?.[0] ?? '?').toUpperCase();
