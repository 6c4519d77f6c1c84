import { Verdict } from '../trail';
import { Phase } from './phase';

/** A phase and what came of it. */
export interface Row extends Verdict { readonly phase: Phase }

const COLUMNS = ['fault', 'answered', 'grants', 'lost', 'told again', 'doubled', 'phantom', 'wrong', 'grants ended', 'recovered, s', 'shown, s'] as const;
/** What a client may be told while something is broken: come again (503), or that a grant is over (400). */
const EXPECTED_REFUSALS: ReadonlySet<number> = new Set([400, 503]);
const sum = (rows: readonly Row[], of: (row: Row) => number): number => rows.reduce((total, row) => total + of(row), 0);

/** Answers that nobody should get, whatever breaks: a 500, a 401, … */
const wrong = ({ phase: { ledger } }: Row): number => [...ledger.refusals].reduce((count, [status, times]) => EXPECTED_REFUSALS.has(status) ? count : count + times, 0);

/** Whether nothing was lost (for good, or until the reconciler came), doubled or invented, and no answer was wrong. */
export const isClean = (row: Row): boolean => row.lost === 0 && row.toldAgain === 0 && row.doubled === 0 && row.phantom === 0 && wrong(row) === 0;

/** The results as a Markdown table. */
export function table(rows: readonly Row[]): string {
  const cells = rows.map(row => {
    const { phase, answered, lost, toldAgain, doubled, phantom } = row;
    return [phase.name, answered, phase.ledger.refreshTokens.size, lost, toldAgain, doubled, phantom, wrong(row), phase.ledger.endedGrants.size, phase.recovered.toFixed(1), phase.shown?.toFixed(1) ?? 'late'];
  });
  const total = [
    '**all**', sum(rows, row => row.answered), sum(rows, row => row.phase.ledger.refreshTokens.size), sum(rows, row => row.lost), sum(rows, row => row.toldAgain), sum(rows, row => row.doubled), sum(rows, row => row.phantom), sum(rows, wrong),
    sum(rows, row => row.phase.ledger.endedGrants.size), Math.max(...rows.map(row => row.phase.recovered)).toFixed(1), '',
  ];
  return [COLUMNS, COLUMNS.map((_, index) => index === 0 ? '---' : '---:'), ...cells, total].map(row => `| ${row.join(' | ')} |`).join('\n');
}
