// @badgateway/oauth2-client as its README has it: it knows the server by its metadata alone.
import { generateCodeVerifier, OAuth2Client } from '@badgateway/oauth2-client';
import { sendPersonTo, settings, tell } from './conversation.mjs';

const { issuer, machine, web, redirect_uri, username, password, native, scope } = settings;
const client = ({ id, secret }) => new OAuth2Client({ server: `${issuer}/`, clientId: id, clientSecret: secret });

const byMachine = await client(machine).clientCredentials({ scope: [scope] });
const byPassword = await client(native).password({ username, password, scope: [scope] });

const application = client(web), codeVerifier = await generateCodeVerifier(), state = 'a state';
const address = await application.authorizationCode.getAuthorizeUri({ redirectUri: redirect_uri, state, codeVerifier, scope: [scope] });
const byCode = await application.authorizationCode.getTokenFromCodeRedirect(await sendPersonTo(address), { redirectUri: redirect_uri, state, codeVerifier });
const refreshed = await application.refreshToken(byCode);
const live = await application.introspect(refreshed);
await application.revoke(refreshed);
const revoked = await application.introspect(refreshed);

const refusal = await client({ ...machine, secret: 'wrong' }).clientCredentials().then(() => 'none', error => error.oauth2Code);
tell({ machine: byMachine, password: byPassword, code: byCode, refreshed, live, revoked, refusal });
