import { AccessLevel, AccessTokenClaims, ApplicationFacts } from './facts';
import { mayDo, Need } from './rights';
import { ceilingsOf, isActive, Standing } from './standing';
import { contains } from './scope';

/** An announced scope, as far as it decides who reaches it. */
export interface AnnouncedRight {
  readonly scope: string;
  readonly access_level: AccessLevel;
  readonly opens: readonly ({ readonly method: string; readonly path: string } | { readonly field: string })[];
}
/** The claims by which `mayDo` judges: of a token, or those that an application's tokens would carry. */
export type Holder = Pick<AccessTokenClaims, 'scope' | 'access_level' | 'role' | 'read_only' | 'account_kind' | 'impersonation' | 'act'>;

const READS = ['GET', 'HEAD'];

/** What using an announced scope needs. One without a verb is a write where it needs level `all` or opens a route that changes something. */
export function needOf({ scope, access_level, opens }: AnnouncedRight): Need {
  const verb = scope.split(':')[2];
  const write = verb === undefined ? access_level === 'all' || opens.some(one => 'method' in one && !READS.includes(one.method)) : verb === 'write';
  return { scope, write, callApiWrite: access_level === 'call_api' };
}

/**
 * What the tokens of an application would carry, as far as the application decides it; undefined where it can get none. One of type
 * machine_to_machine acts as its owner, whose `standing` bounds it; the others act for whoever allows it, so nothing else does.
 */
export function holderOf(application: ApplicationFacts, standing: Standing | undefined): Holder | undefined {
  if (application.status !== 'active') return undefined;
  const { scope, access_level } = application;
  if (application.type !== 'machine_to_machine') return { scope, access_level, role: 'administrator', read_only: false, account_kind: 'user', impersonation: false };
  return standing && isActive(standing) ? { scope, ...ceilingsOf(standing) } : undefined;
}

/** A question asked of many holders: whether one may use every one of these announced scopes. */
export class Reach {
  private readonly needs: readonly Need[];
  private readonly answers = new Map<string, boolean>();
  private readonly scopes: readonly string[];

  constructor(announced: readonly AnnouncedRight[]) {
    this.scopes = announced.map(one => one.scope);
    const classes = new Map<string, Need>();
    // No ceiling looks at what stands below the verb: one need stands for all that are alike so far.
    for (const one of announced) {
      const need = needOf(one);
      classes.set(JSON.stringify([one.scope.split(':', 3), need.write, need.callApiWrite]), need);
    }
    this.needs = [...classes.values()];
  }

  /** False of nothing announced. */
  includes({ scope, access_level, role, read_only, account_kind, impersonation, act }: Holder): boolean {
    const holder: Holder = { scope, access_level, role, read_only, account_kind, impersonation, ...(act && { act }) };
    const key = JSON.stringify(holder);
    const known = this.answers.get(key);
    if (known !== undefined) return known;
    const answer = this.judge(holder);
    this.answers.set(key, answer);
    return answer;
  }

  private judge(holder: Holder): boolean {
    const held = holder.scope.split(' ');
    return this.scopes.length > 0 && this.scopes.every(scope => held.some(one => contains(one, scope))) && this.needs.every(need => mayDo(holder, need).allowed);
  }
}
