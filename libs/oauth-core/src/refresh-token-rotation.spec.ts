import fc from 'fast-check';
import { account, native, tenant } from './facts.fixture';
import { InMemoryFacts } from './facts.fake';
import { Decision } from './grants/grant';
import { refreshTokenGrant } from './grants/refresh-token.grant';
import { InMemoryGrants } from './grants.fake';
import { OAuthError } from './oauth-error';
import { RefreshKeys } from './refresh-token';

const GRACE = 10, DAY = 24 * 3600;
const START = Date.parse('2026-01-01T00:00:00.000Z');

/** Two instances of the service over one store, a grant that has just begun, and whoever holds its refresh tokens. */
class Deployment {
  at = START;
  readonly keys = new RefreshKeys([{ id: 'k', secret: Buffer.alloc(32, 7) }]);
  readonly grants = new InMemoryGrants(() => new Date(this.at), this.keys);
  private readonly facts = new InMemoryFacts();
  private readonly instances = [0, 1].map(() => refreshTokenGrant(this.facts, this.grants, this.keys, GRACE));
  /** Refresh tokens by generation, as far as they were ever made. */
  readonly tokens: string[] = [];
  grantId = '';

  static async begun(): Promise<Deployment> {
    const deployment = new Deployment();
    deployment.facts.putTenant(tenant({ refresh_token_ttl_seconds: 1000 * DAY }));
    deployment.facts.putAccount(account());
    const grant = await deployment.grants.begin({ tenant: tenant({ refresh_token_ttl_seconds: 1000 * DAY }), application: native(), account: account() }, 'password', 'rest');
    deployment.grantId = grant.id;
    deployment.tokens.push(deployment.keys.tokenOf(grant, 0));
    return deployment;
  }
  get grant() {
    const grant = this.grants.grants.get(this.grantId);
    if (!grant) throw new Error('the grant is gone');
    return grant;
  }
  /** What an instance makes of a refresh token; a refusal is its code. `answer`: the access token is stored and the answer sent. */
  async refresh(instance: number, refresh_token: string, answer: boolean): Promise<Decision | string> {
    const grant = this.instances[instance % 2];
    if (!grant) throw new Error('no instance');
    try {
      const decision = await grant.decide({ client: native(), params: new Map([['refresh_token', refresh_token]]), at: new Date(this.at), origin: { ip: '192.0.2.1', request_id: 'r' } });
      if (answer) await this.grants.storeToken(this.grantId, decision.generation ?? 0);
      return decision;
    } catch (error) {
      if (error instanceof OAuthError) return error.code;
      throw error;
    }
  }
}

/** What the rules say of a grant, with nothing of how they are carried out. */
interface Rules { current: number; rotatedAt: number; revoked: boolean; readonly answered: Set<number> }
function ruled(rules: Rules, presented: number, at: number): number | 'invalid_grant' {
  if (rules.revoked) return 'invalid_grant';
  const age = (at - rules.rotatedAt) / 1000;
  if (presented === rules.current && (rules.current === 0 || age >= GRACE)) {
    rules.current++;
    rules.rotatedAt = at;
    return rules.current;
  }
  if (presented === rules.current) return presented;
  if (presented === rules.current - 1 && (age < GRACE || (!rules.answered.has(rules.current) && age < 7 * DAY))) return rules.current;
  rules.revoked = true;
  return 'invalid_grant';
}

const passing = fc.constantFrom(0, 1, GRACE - 1, GRACE, GRACE + 1, 60, DAY, 7 * DAY - 1, 7 * DAY, 8 * DAY);
const command = fc.record({ back: fc.constantFrom(0, 0, 0, 0, 1, 1, 1, 2, 3), instance: fc.nat(1), answered: fc.boolean(), seconds: passing });

describe('refresh tokens over any history', () => {
  it('S47, S49: any earlier generation from either instance, any time passing, answers lost or not: exactly what the rules say', async () => {
    await fc.assert(fc.asyncProperty(fc.array(command, { minLength: 1, maxLength: 25 }), async commands => {
      const deployment = await Deployment.begun();
      const rules: Rules = { current: 0, rotatedAt: START, revoked: false, answered: new Set([0]) };
      for (const { back, instance, answered, seconds } of commands) {
        deployment.at += seconds * 1000;
        const presented = Math.max(0, rules.current - back), wasRevoked = rules.revoked;
        const expected = ruled(rules, presented, deployment.at);
        const outcome = await deployment.refresh(instance, deployment.tokens[presented] ?? '', answered);
        if (typeof outcome === 'string') {
          expect(outcome).toBe(expected);
          expect(deployment.grants.events.filter(type => type === 'grant.reuse_detected')).toHaveLength(1);
          expect(wasRevoked || deployment.grant.status === 'revoked').toBe(true);
          continue;
        }
        expect(outcome.generation).toBe(expected);
        if (answered && typeof expected === 'number') rules.answered.add(expected);
        deployment.tokens[rules.current] ??= outcome.refresh_token ?? '';
        expect(outcome.refresh_token).toBe(deployment.tokens[rules.current]);      // one live child, the same for everybody
        expect(deployment.grant).toMatchObject({ generation: rules.current, status: 'active' });
      }
    }), { numRuns: 400 });
  });

  it('a thief and a victim both get past a generation only within the grace of its rotation or before its successor was answered', async () => {
    const presenting = fc.record({ who: fc.constantFrom('thief', 'victim'), instance: fc.nat(1), answered: fc.boolean(), seconds: fc.constantFrom(0, 1, GRACE - 1, GRACE, 60, DAY) });
    await fc.assert(fc.asyncProperty(fc.array(presenting, { minLength: 2, maxLength: 20 }), async commands => {
      const deployment = await Deployment.begun();
      const holds = { thief: 0, victim: 0 };
      const rotations: number[] = [START], answers = new Map<number, number>();
      for (const { who, instance, answered, seconds } of commands) {
        deployment.at += seconds * 1000;
        const presented = holds[who], before = deployment.grant.generation;
        const outcome = await deployment.refresh(instance, deployment.tokens[presented] ?? '', answered);
        if (typeof outcome === 'string') { expect(deployment.grant.status).toBe('revoked'); return; }
        const got = outcome.generation ?? -1;
        if (got > before) { rotations[got] = deployment.at; deployment.tokens[got] = outcome.refresh_token ?? ''; }
        else if (got > presented) {
          const late = deployment.at - (rotations[got] ?? 0) >= GRACE * 1000, wasAnswered = (answers.get(got) ?? Infinity) <= deployment.at;
          expect(late && wasAnswered).toBe(false);
        }
        if (answered) {
          if (!answers.has(got)) answers.set(got, deployment.at);
          holds[who] = got;      // a lost answer leaves its asker with what it had
        }
      }
      const gaps = rotations.slice(2).map((at, i) => at - (rotations[i + 1] ?? 0));
      expect(gaps.every(gap => gap >= GRACE * 1000)).toBe(true);
    }), { numRuns: 400 });
  });

  it('S48: any number at once, in any order of their steps, through both instances: one live child, the same for all, and nobody is revoked', async () => {
    await fc.assert(fc.asyncProperty(fc.scheduler(), fc.integer({ min: 2, max: 8 }), fc.boolean(), async (scheduler, many, twoHold) => {
      const deployment = await Deployment.begun();
      if (twoHold) {
        const first = await deployment.refresh(0, deployment.tokens[0] ?? '', true);
        if (typeof first === 'string') throw new Error(first);
        deployment.tokens.push(first.refresh_token ?? '');
        deployment.at += GRACE * 1000;
      }
      const before = deployment.grant.generation;
      deployment.grants.step = call => scheduler.schedule(Promise.resolve(), call);
      const outcomes = await scheduler.waitFor(Promise.all(Array.from({ length: many }, (_, i) => deployment.refresh(i, deployment.tokens.at(-1) ?? '', true))));
      const children = new Set(outcomes.map(outcome => typeof outcome === 'string' ? outcome : outcome.refresh_token));
      expect(children.size).toBe(1);
      expect(deployment.grant).toMatchObject({ status: 'active', generation: before + 1 });
      expect([...children]).toEqual([deployment.keys.tokenOf(deployment.grant, before + 1)]);
    }), { numRuns: 200 });
  });
});
