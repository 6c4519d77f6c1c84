// oidc-provider as it is run in production, with Redis behind it: what `npm run bench` measures Strowger against.
// Arguments: its port, Redis's port, client_id, client_secret, how many refresh tokens of each kind to make, and for codes: the port on which `GET /N`
// makes N of them, their redirect URI and PKCE challenge. It prints the refresh tokens as one line of JSON when it listens, and stops when its standard input ends.
import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import Redis from 'ioredis';
import { Provider } from 'oidc-provider';
import { redisAdapter } from './redis-adapter.mjs';

const [port, redisPort, clientId, clientSecret, refreshTokens, codesPort, redirectUri, codeChallenge] = process.argv.slice(2);
const SCOPE = 'rest:calllog:read', HOUR = 3600, MONTH = 30 * 24 * HOUR;
const redis = new Redis({ host: '127.0.0.1', port: Number(redisPort), keyPrefix: 'oidc:' });
const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });

const provider = new Provider(`http://127.0.0.1:${port}`, {
  adapter: redisAdapter(redis),
  jwks: { keys: [{ ...privateKey.export({ format: 'jwk' }), use: 'sig', alg: 'ES256', kid: 'bench' }] },
  cookies: { keys: [randomUUID()] },
  clients: [{
    client_id: clientId, client_secret: clientSecret, token_endpoint_auth_method: 'client_secret_basic', id_token_signed_response_alg: 'ES256',
    grant_types: ['client_credentials', 'authorization_code', 'refresh_token'], response_types: ['code'], redirect_uris: [redirectUri], scope: `${SCOPE} offline_access`,
  }],
  scopes: [SCOPE, 'offline_access'],
  issueRefreshToken: () => true,
  enabledJWA: { idTokenSigningAlgValues: ['ES256'] },
  features: {
    devInteractions: { enabled: false }, clientCredentials: { enabled: true }, introspection: { enabled: true }, revocation: { enabled: true },
    resourceIndicators: {
      enabled: true,
      getResourceServerInfo: (_ctx, resource) => resource === 'urn:bench:jwt'
        ? { scope: SCOPE, accessTokenTTL: HOUR, accessTokenFormat: 'jwt', jwt: { sign: { alg: 'ES256' } } }
        : { scope: SCOPE, accessTokenTTL: HOUR, accessTokenFormat: 'opaque' },
      useGrantedResource: () => true,
    },
  },
  rotateRefreshToken: true,
  ttl: { AccessToken: HOUR, AuthorizationCode: 24 * HOUR, ClientCredentials: HOUR, Grant: MONTH, RefreshToken: MONTH, Session: MONTH },
  findAccount: (_ctx, accountId) => ({ accountId, claims: () => ({ sub: accountId }) }),
});
provider.on('server_error', (_ctx, error) => { console.error(error); });

async function authorized(resource) {
  const accountId = randomUUID(), grant = new provider.Grant({ accountId, clientId });
  grant.addResourceScope(resource, SCOPE);
  const grantId = await grant.save();
  const client = await provider.Client.find(clientId);
  return { client, accountId, grantId, scope: SCOPE, resource, expiresWithSession: false, authTime: Math.floor(Date.now() / 1000) };
}
const refreshToken = async resource => new provider.RefreshToken({ ...await authorized(resource), gty: 'authorization_code' }).save();
const code = async resource => new provider.AuthorizationCode({ ...await authorized(resource), gty: 'authorization_code', redirectUri, codeChallenge, codeChallengeMethod: 'S256' }).save();

/** Not the server that is measured: it makes codes between the slices. */
createServer(async (request, response) => {
  const codes = [];
  while (codes.length < Number(request.url.slice(1))) codes.push(...await Promise.all(Array.from({ length: 100 }, () => code('urn:bench:jwt'))));
  response.end(JSON.stringify(codes));
}).listen(Number(codesPort), '127.0.0.1');

const tokens = { opaque: [], jwt: [] };
for (let i = 0; i < Number(refreshTokens); i++) for (const kind of ['opaque', 'jwt']) tokens[kind].push(await refreshToken(`urn:bench:${kind}`));
const server = provider.listen(Number(port), '127.0.0.1', () => { console.log(JSON.stringify(tokens)); });
server.keepAliveTimeout = 72_000;          // as long as Fastify's, so that neither pays for connections
process.stdin.on('end', () => { process.exit(0); }).resume();
