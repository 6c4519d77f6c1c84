import { CallLogDocument } from '@strowger/models/pbx/pbx.schema';
import { csvLine } from '@strowger/service/csv-cell';
import { shown } from '../shown';

const COLUMNS = ['id', 'started_at', 'answered_at', 'ended_at', 'direction', 'result', 'from', 'to', 'extensions', 'switchboard', 'duration_seconds', 'recording'] as const;

/** The call log as CSV (RFC 4180), a line with the names of the columns first. */
export async function* callLogCsv(pages: AsyncIterable<readonly CallLogDocument[]>): AsyncGenerator<string, void> {
  yield csvLine(COLUMNS);
  for await (const page of pages) yield page.map(lineOf).join('');
}

function lineOf(document: CallLogDocument): string {
  const call = { ...shown(document), extensions: document.extensions.join(' ') };
  return csvLine(COLUMNS.map(name => call[name]));
}
