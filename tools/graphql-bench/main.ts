import { execute, GraphQLSchema, parse, validate } from 'graphql';
import { EffectiveScopes, Rights } from '../../apps/pbx-api-service/src/graphql/effective-scopes';
import { SchemaCache } from '../../apps/pbx-api-service/src/graphql/schema-cache';
import { scopedSchema } from '../../apps/pbx-api-service/src/graphql/scoped-schema';
import { validateScoped } from '../../apps/pbx-api-service/src/graphql/scoped-validation';
import { pbxScopes } from '../../apps/pbx-api-service/src/scopes/pbx-scopes';
import { seededRandom } from '../../apps/pbx-api-service/src/seed/seeded-random';

const SETS = 1000, PAIRS = 400, FIELDS = 200;
const HELP = `npm run bench:graphql

What it costs to cut the GraphQL schema for each token's scopes: memory of ${String(SETS)} distinct sets of scopes, the time of a set's first query, and a query of
${String(FIELDS)} fields by a cut schema against the whole one. Needs nothing but a processor; CPU time of this process.`;

const say = (line: string): void => { process.stdout.write(`${line}\n`); };
const cpuMs = async (work: () => unknown): Promise<number> => { const began = process.cpuUsage(); await work(); const { user, system } = process.cpuUsage(began); return (user + system) / 1000; };
const median = (numbers: readonly number[]): number => numbers.toSorted((one, other) => one - other)[Math.floor(numbers.length / 2)] ?? NaN;
const quantile = (numbers: readonly number[], share: number): number => numbers.toSorted((one, other) => one - other)[Math.floor(numbers.length * share)] ?? NaN;
const heap = (): number => { global.gc?.(); global.gc?.(); return process.memoryUsage().heapUsed; };
const rightsOf = (scope: string): Rights => ({ scope, access_level: 'all', role: 'administrator', read_only: false, account_kind: 'user', impersonation: false });

/** So many sets of scopes, no two alike. */
function distinctSets(count: number): string[] {
  const random = seededRandom(1), scopes = pbxScopes.map(({ scope }) => scope).filter(scope => scope.startsWith('gql:')), sets = new Set<string>();
  while (sets.size < count) sets.add(scopes.filter(() => random() < 0.5).join(' '));
  sets.delete('');
  return [...sets];
}

async function firstQueries(): Promise<void> {
  const sets = distinctSets(SETS + 1).slice(0, SETS).map(scope => new EffectiveScopes(rightsOf(scope))), cache = new SchemaCache(SETS, scopedSchema);
  const ask = (effective: EffectiveScopes) => {
    const schema = cache.of(effective);
    validateScoped(schema, document, effective, rightsOf(effective.key));
    return execute({ schema, document, contextValue: { grantedScopes: [...effective.scopes] } });
  };
  const document = parse('{ granted_scopes __schema { types { name fields { name } } } }'), before = heap(), times: number[] = [];
  for (const effective of sets) {
    times.push(await cpuMs(() => ask(effective)));
  }
  const held = heap() - before;
  say(`${String(cache.size)} distinct scope sets: ${(held / 1024 / 1024).toFixed(1)} MiB of heap, ${(held / 1024 / cache.size).toFixed(1)} KiB each`);
  say(`first query of a set (cut, judge, answer, with the names of all its types): median ${median(times).toFixed(2)} ms, p99 ${quantile(times, 0.99).toFixed(2)} ms`);
  const again: number[] = [];
  for (const effective of sets) again.push(await cpuMs(() => ask(effective)));
  say(`the same again: median ${median(again).toFixed(2)} ms`);
}

/** A query of so many fields, all of the call log: what is measured is judging and answering, not the database. */
async function twoHundredFields(): Promise<void> {
  const fields = ['id', 'direction', 'result', 'from', 'to', 'started_at', 'ended_at', 'duration_seconds', 'extensions'];
  const query = `{ ${Array.from({ length: FIELDS / (fields.length + 1) }, (_none, at) => `c${String(at)}: call_log_entry(id: "x") { ${fields.join(' ')} }`).join(' ')} }`, document = parse(query);
  const effective = new EffectiveScopes(rightsOf('gql:calllog:read')), cut = scopedSchema(effective.has), whole = scopedSchema(() => true);
  const entry = { _id: 't/x', tenant_id: 't', version: 1, direction: 'inbound', result: 'missed', from: '1', to: '2', extensions: ['101'], started_at: new Date(0), ended_at: new Date(0), duration_seconds: 0 };
  const contextValue = { does: { callLog: { one: () => entry } }, reach: {}, now: new Date() };
  const answer = (schema: GraphQLSchema, judge: () => unknown): Promise<number> => cpuMs(() => { judge(); return execute({ schema, document, contextValue }); });
  const ofCut: number[] = [], ofWhole: number[] = [], differences: number[] = [];
  for (let pair = 0; pair < PAIRS; pair++) {
    const first = await answer(cut, () => validateScoped(cut, document, effective, rightsOf('gql:calllog:read'))), second = await answer(whole, () => validate(whole, document));
    ofCut.push(first);
    ofWhole.push(second);
    differences.push(first / second - 1);
  }
  say(`a query of ${String(FIELDS)} fields, judged and answered: by the cut schema ${median(ofCut).toFixed(2)} ms, by the whole one with graphql-js's own rules ${median(ofWhole).toFixed(2)} ms (median of pairs ${(median(differences) * 100).toFixed(1)} %)`);
}

if (process.argv.includes('--help')) say(HELP);
else void firstQueries().then(twoHundredFields);
