import { Verdict } from '../trail';
import { Phase } from './phase';

/** A phase and what came of it. */
export interface Row extends Verdict { readonly phase: Phase }

const COLUMNS = ['fault', 'answered', 'grants', 'lost', 'doubled', 'phantom', 'grants ended', 'recovered, s', 'shown, s'] as const;
const sum = (rows: readonly Row[], of: (row: Row) => number): number => rows.reduce((total, row) => total + of(row), 0);

/** Whether nothing was lost, doubled or invented. */
export const isClean = ({ lost, doubled, phantom }: Verdict): boolean => lost === 0 && doubled === 0 && phantom === 0;

/** The results as a Markdown table. */
export function table(rows: readonly Row[]): string {
  const cells = rows.map(({ phase, answered, lost, doubled, phantom }) => [
    phase.name, answered, phase.ledger.refreshTokens.size, lost, doubled, phantom, phase.ledger.endedGrants.size, phase.recovered.toFixed(1), phase.shown?.toFixed(1) ?? 'late',
  ]);
  const total = [
    '**all**', sum(rows, row => row.answered), sum(rows, row => row.phase.ledger.refreshTokens.size), sum(rows, row => row.lost), sum(rows, row => row.doubled), sum(rows, row => row.phantom),
    sum(rows, row => row.phase.ledger.endedGrants.size), Math.max(...rows.map(row => row.phase.recovered)).toFixed(1), '',
  ];
  return [COLUMNS, COLUMNS.map((_, index) => index === 0 ? '---' : '---:'), ...cells, total].map(row => `| ${row.join(' | ')} |`).join('\n');
}
