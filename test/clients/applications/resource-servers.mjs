// Two resource servers in one program: one verifies offline with express-oauth2-jwt-bearer, the other with jwks-rsa and jsonwebtoken.
import express from 'express';
import { auth, requiredScopes } from 'express-oauth2-jwt-bearer';
import jsonwebtoken from 'jsonwebtoken';
import jwksClient from 'jwks-rsa';
import { listening, settings } from './conversation.mjs';

const { issuer, scope } = settings, audience = `${issuer}/api`;
const app = express();

// It finds issuer and keys by the metadata; `strict` wants what RFC 9068 says.
app.get('/express-oauth2-jwt-bearer', auth({ issuerBaseURL: issuer, audience, tokenSigningAlg: 'ES256', strict: true }), requiredScopes(scope), (request, response) => { response.json(request.auth.payload); });

const keys = jwksClient({ jwksUri: `${issuer}/.well-known/jwks.json` });
app.get('/jwks-rsa', (request, response) => {
  const token = (request.headers.authorization ?? '').replace(/^Bearer /, '');
  jsonwebtoken.verify(token, ({ kid }, done) => { keys.getSigningKey(kid).then(key => { done(null, key.getPublicKey()); }, done); }, { algorithms: ['ES256'], audience, issuer }, (error, claims) => {
    if (error) response.status(401).json({ error: error.message });
    else response.json(claims);
  });
});
app.use((error, request, response, _next) => { response.set(error.headers ?? {}).status(error.status ?? 500).json({ error: error.code, message: error.message }); });
const server = app.listen(0, '127.0.0.1', () => { listening(server); });
