import { notFound } from '@strowger/auth/api-error';
import { Application, ApplicationsReader } from '@strowger/models/applications/applications.reader';
import { Database } from '@strowger/models/database';
import { DatabaseFacts } from '@strowger/models/database-facts';
import { ScopesReader } from '@strowger/models/scopes/scopes.reader';
import { ScopeDocument } from '@strowger/models/scopes/scopes.schema';
import { AccessTokenClaims, ApplicationFacts } from '@strowger/oauth-core/facts';
import { Holder, holderOf, needOf } from '@strowger/oauth-core/reach';
import { standingOf } from '@strowger/oauth-core/read-standing';
import { mayDo } from '@strowger/oauth-core/rights';
import { contains } from '@strowger/oauth-core/scope';
import { z } from 'zod';
import { PageRequest } from '../request-fields';

const CLIENT_ID = /^[0-9a-f]{32}$/;

/** `?limit=&cursor=`; the cursor is the scope after which the page begins. */
export const ReachPage = z.strictObject({
  limit: PageRequest.shape.limit,
  cursor: z.string().max(300).regex(/^[a-z]+(:[a-z][a-z0-9_-]*){1,3}$/, 'the next_cursor of an earlier answer').optional(),
});

/** What an application opens: each announced scope that its registered scope contains, with its routes and fields, and what stands against it. */
export class ApplicationReach {
  constructor(private readonly database: Database, private readonly applications: ApplicationsReader, private readonly scopes: ScopesReader) {}

  /**
   * Shown to its owner, and to the administrators and auditors of its tenant.
   * @throws ApiError 404 - there is no such application, or it is none of the caller's business
   * @throws ZodError - a bad or unknown parameter
   */
  async run(clientId: string, caller: AccessTokenClaims, query: unknown) {
    const { limit, cursor } = ReachPage.parse(query);
    const application = await this.find(clientId, caller);
    const registered = application.scope.split(' ').filter(word => word !== '');
    const found = await this.scopes.within(registered, { after: cursor, limit: limit + 1 });
    const page = found.slice(0, limit), last = page.at(-1);
    const holder = await this.holder(application);
    return {
      client_id: clientId, application_id: application.id, type: application.type, scope: application.scope, access_level: application.access_level, status: application.status,
      unknown: await this.unknown(registered, found), items: page.map(scope => opened(scope, holder)), next_cursor: last && found.length > limit ? last._id : null,
    };
  }

  private async find(clientId: string, { sub, tenant_id, role }: AccessTokenClaims): Promise<Application> {
    const [found] = CLIENT_ID.test(clientId) ? await this.applications.byClientIds([clientId]) : [];
    const seen = found?.tenant_id === tenant_id && found.status !== 'deleted' && (found.owner === sub || role === 'administrator' || role === 'auditor');
    if (!found || !seen) throw notFound('application');
    return found;
  }

  /** What its tokens would carry if it were enabled; undefined where its owner may not act. */
  private async holder(application: ApplicationFacts): Promise<Holder | undefined> {
    if (application.type !== 'machine_to_machine') return holderOf({ ...application, status: 'active' }, undefined);
    const facts = new DatabaseFacts(this.database), enabled: ApplicationFacts = { ...application, status: 'active' };
    return holderOf(enabled, await standingOf(facts, enabled, await facts.account(application.owner)));
  }

  /** Registered scopes of which nothing is announced, nor ever was. */
  private async unknown(registered: readonly string[], found: readonly ScopeDocument[]): Promise<string[]> {
    const open = registered.filter(word => !found.some(scope => contains(word, scope._id)));
    const announced = await Promise.all(open.map(word => this.scopes.within([word], { limit: 1 })));
    return open.filter((_, index) => announced[index]?.length === 0);
  }
}

function opened({ _id, description, access_level, status, successor, opens }: ScopeDocument, holder: Holder | undefined) {
  const verdict = holder && mayDo(holder, needOf({ scope: _id, access_level, opens }));
  return {
    scope: _id, description, status, ...(successor !== undefined && { successor }), access_level, opens, allowed: status !== 'withdrawn' && verdict?.allowed === true,
    ...(!verdict ? { refusal: { status: 'user_blocked', description: 'the owner that the application acts as is not active' } } : verdict.allowed ? {} : {
      ...(verdict.status === 'app_access_type_deny' && { missing_access_level: 'all' }), refusal: { status: verdict.status, description: verdict.description },
    }),
  };
}
