import { setTimeout as pause } from 'node:timers/promises';
import { GuardConfig } from '@strowger/auth/auth.config';
import { Guard } from '@strowger/auth/guard';
import { Account, Application, textOf, TokenScene } from '../../apps/token-service/src/token-service.fixture';
import { eventually } from '../../test/system';

const SERVICE = 'pbx-api-service', AT_ONCE = 8, PLENTY = '1000000';
const silent = { info: () => undefined, warn: () => undefined, error: () => undefined };

/** A system with two instances of token-service and two guards that follow its feed. */
export class GuardScene {
  private constructor(readonly tokens: TokenScene, readonly guards: readonly Guard[], readonly config: GuardConfig, private readonly account: Account, private readonly applications: Readonly<Record<'jwt' | 'opaque', Application>>) {}

  static async start(): Promise<GuardScene> {
    const tokens = await TokenScene.start('guard_bench', { trail: false, env: { LOG_LEVEL: 'warn', WRONG_SECRETS_PER_ADDRESS_AND_MINUTE: PLENTY } });
    const { servers, stack } = tokens.system;
    // The stream is younger than a minute here: clocks are said not to differ.
    const config: GuardConfig = {
      TOKEN_SERVICE_URL: tokens.url('', 1), STROWGER_SERVICE_ID: SERVICE, STROWGER_SERVICE_SECRET: servers.secrets.serviceSecret(SERVICE), STROWGER_ISSUER: `http://localhost:${String(stack.ports['portal-service'])}`,
      NATS_URL: servers.natsUrl, NATS_USER: SERVICE, NATS_PASSWORD: servers.busPassword(SERVICE), ACCESS_TOKEN_TTL_MAX_SECONDS: 86_400, CLOCK_SKEW_SECONDS: 0,
    };
    const account = await tokens.account(), jwt = await tokens.application(account), opaque = await tokens.application(account, { token_format: 'opaque' });
    const scene = new GuardScene(tokens, [Guard.start(config, silent), Guard.start(config, silent)], config, account, { jwt, opaque });
    await scene.allCurrent();
    await pause(1000);
    return scene;
  }
  async stop(): Promise<void> {
    await Promise.all(this.guards.map(guard => guard.close()));
    await this.tokens.stop();
  }

  async allCurrent(): Promise<void> { await eventually('every guard to be current', () => Promise.resolve(this.guards.every(guard => guard.isCurrent))); }

  async issue(many: number, format: 'jwt' | 'opaque' = 'jwt'): Promise<string[]> {
    const issued: string[] = [];
    while (issued.length < many) {
      issued.push(...await Promise.all(Array.from({ length: Math.min(AT_ONCE, many - issued.length) }, async () => textOf(await this.tokens.credentials(this.applications[format], {}, { instance: 1 }), 'access_token'))));
    }
    return issued;
  }
  /** Revokes at an instance, and says when that was answered; for how many milliseconds from the answer each guard still accepts it. */
  async revoke(token: string, instance = 0, answered: () => void = () => undefined): Promise<number[]> {
    const { client_id, secret } = this.applications.jwt;
    const { status } = await this.tokens.post('/oauth/revoke', { token, client_id, client_secret: secret }, { instance });
    if (status !== 200) throw new Error(`a revocation was answered with ${String(status)}`);
    const from = performance.now();
    answered();
    return Promise.all(this.guards.map(async guard => {
      while (await guard.introspector.introspect(token, 'bench').catch(() => undefined)) await pause(1);
      return performance.now() - from;
    }));
  }
}
