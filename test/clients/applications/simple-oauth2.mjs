// simple-oauth2 as its README has it: client credentials, password, and an authorization code with a refresh and a revocation.
import { AuthorizationCode, ClientCredentials, ResourceOwnerPassword } from 'simple-oauth2';
import { sendPersonTo, settings, tell } from './conversation.mjs';

const { issuer, machine, native, web, redirect_uri, username, password, scope } = settings;
const auth = { tokenHost: issuer };

const byMachine = await new ClientCredentials({ client: machine, auth }).getToken({ scope });
const byPassword = await new ResourceOwnerPassword({ client: native, auth }).getToken({ username, password, scope });

const client = new AuthorizationCode({ client: web, auth });
const ended = new URL(await sendPersonTo(client.authorizeURL({ redirect_uri, scope, state: 'a state' })));
const byCode = await client.getToken({ code: ended.searchParams.get('code'), redirect_uri });
const refreshed = await byCode.refresh();
await refreshed.revokeAll();

const refusal = await new ClientCredentials({ client: { ...machine, secret: 'wrong' }, auth }).getToken({}).then(() => 'none', error => error.data?.payload?.error);
tell({ machine: byMachine.token, password: byPassword.token, state: ended.searchParams.get('state'), code: byCode.token, expired: byCode.expired(), refreshed: refreshed.token, refusal });
