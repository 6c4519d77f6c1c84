// A browser-based application with oidc-client-ts, in a real Chromium: PKCE from a page whose origin is not the server's. A second page, of an origin that
// the application did not register, tries what the first one may do.
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import { settings, tell } from './conversation.mjs';

const { issuer, client_id, port, scope, username, password, executable } = settings;
const here = name => readFileSync(new URL(name, import.meta.url));
const library = readFileSync(fileURLToPath(import.meta.resolve('oidc-client-ts')).replace(/oidc-client-ts([\\/])dist.*$/, 'oidc-client-ts$1dist$1browser$1oidc-client-ts.min.js'));
const pages = { '/': ['text/html', here('browser-application.html')], '/oidc-client-ts.min.js': ['text/javascript', library], '/settings.json': ['application/json', JSON.stringify({ issuer, client_id, scope })] };
const serve = onPort => new Promise(resolve => {
  const server = createServer((request, response) => {
    const [type, body] = pages[new URL(request.url, 'http://x').pathname] ?? [];
    if (type === undefined) response.writeHead(404).end();
    else response.writeHead(200, { 'content-type': type }).end(body);
  }).listen(onPort, '127.0.0.1', () => { resolve(`http://127.0.0.1:${server.address().port}`); });
});
const [own, foreign] = [await serve(port), await serve(0)];

/** In a page: reads the answer to a form that no token comes of. */
const ask = async ([url, parameters]) => {
  try {
    const answer = await fetch(url, { method: parameters ? 'POST' : 'GET', ...(parameters && { body: new URLSearchParams(parameters) }) });
    return { status: answer.status, body: await answer.json() };
  } catch (error) { return error.name; }
};

const browser = await chromium.launch({ executablePath: executable, args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'] });
try {
  const page = await browser.newPage();
  page.setDefaultTimeout(45_000);
  await page.goto(own);
  await page.click('#sign-in');
  await page.fill('input[name=username]', username);
  await page.fill('input[name=password]', password);
  await page.press('input[name=password]', 'Enter');
  await page.click('button[value=allow]');
  await page.waitForFunction(() => /^(signed in|failed)/.test(document.title));
  const title = await page.title(), address = page.url();
  const signedIn = await page.evaluate(async () => userOf(await (await ready).getUser()));
  const renewed = await page.evaluate(async () => userOf(await (await ready).signinSilent()));
  await page.evaluate(async () => { await (await ready).revokeTokens(['access_token', 'refresh_token']); });

  const bogus = { grant_type: 'refresh_token', client_id, refresh_token: 'bogus' }, stranger = await browser.newPage();
  await stranger.goto(foreign);
  const asks = { token: [`${issuer}/oauth/token`, bogus], metadata: [`${issuer}/.well-known/oauth-authorization-server`], keys: [`${issuer}/.well-known/jwks.json`] };
  const seenBy = async who => Object.fromEntries(await Promise.all(Object.entries(asks).map(async ([name, asked]) => [name, await who.evaluate(ask, asked)])));
  tell({ title, address, signedIn, renewed, own: await seenBy(page), foreign: await seenBy(stranger) });
} finally { await browser.close(); }
