// A web server application with passport-oauth2: state and PKCE kept in its session, as its README has it.
import express from 'express';
import session from 'express-session';
import passport from 'passport';
import { Strategy } from 'passport-oauth2';
import { listening, settings } from './conversation.mjs';

const { issuer, web, redirect_uri, port, scope } = settings;
passport.use(new Strategy({
  authorizationURL: `${issuer}/oauth/authorize`, tokenURL: `${issuer}/oauth/token`, clientID: web.id, clientSecret: web.secret, callbackURL: redirect_uri, scope, state: true, pkce: true,
}, (accessToken, refreshToken, parameters, profile, done) => { done(null, { accessToken, refreshToken, parameters }); }));

const app = express();
app.use(session({ secret: 'of this test', resave: false, saveUninitialized: false }));
app.get('/login', passport.authenticate('oauth2', { session: false }));
app.get('/callback', passport.authenticate('oauth2', { session: false }), (request, response) => { response.json(request.user); });
const server = app.listen(port, '127.0.0.1', () => { listening(server); });
