import { GrantDocument } from '@strowger/models/grants/grants.schema';
import { Account, Application, TokenScene } from '../token-service.fixture';
import { parametersOf, TestBrowser } from './browser.fixture';

export const CALLBACK = 'https://app.example.com/cb', OTHER_CALLBACK = 'https://app.example.com/other?tenant=7', PHONE = 'com.example.phone:/cb';

/** Tests only: what Alice's applications and browsers ask of token-service's instances. */
export interface AuthorizationScene {
  readonly scene: TokenScene;
  readonly issuer: string;
  readonly alice: Account;
  /** Registered for one redirect URI, for two, for a program's own, and as a machine. */
  readonly web: Application;
  readonly wide: Application;
  readonly native: Application;
  readonly robot: Application;
  /** Alice, logged in, with consent given to `web`. */
  readonly known: TestBrowser;
}

/** Tests only: in a scene that was started. */
export async function authorizationScene(scene: TokenScene): Promise<AuthorizationScene> {
  const issuer = scene.system.url('portal-service').replace('127.0.0.1', 'localhost'), alice = await scene.account();
  const [web, wide, native, robot] = await Promise.all([
    scene.application(alice, { type: 'web_server', scope: 'gql rest', redirect_uris: [CALLBACK] }), scene.application(alice, { type: 'web_server', scope: 'rest', redirect_uris: [CALLBACK, OTHER_CALLBACK] }),
    scene.application(alice, { type: 'native', scope: 'rest', secrets: [], redirect_uris: ['http://127.0.0.1/cb', 'http://localhost/cb', PHONE] }), scene.application(alice, { redirect_uris: [CALLBACK] }),
  ]);
  const known = new TestBrowser(scene, issuer);
  expect(parametersOf(await known.allow(web, alice))).toHaveProperty('code');
  return { scene, issuer, alice, web, wide, native, robot, known };
}

/** Tests only: the grants as they are stored. */
export const grantsIn = (scene: TokenScene) => scene.database.collection<GrantDocument>('grants');
/** Tests only: the id of the grant that a code is of. */
export const grantOf = (text: string): string => Buffer.from(text, 'base64url').subarray(0, 16).toString('base64url');
