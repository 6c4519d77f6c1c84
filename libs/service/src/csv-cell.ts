/** How a spreadsheet tells a formula, after what it takes for white space; full-width signs as well. */
const FORMULA = /^[\s\p{Z}\p{Cf}]*[=+\-@|%\uff1d\uff0b\uff0d\uff20]/u;
/** A line break in a cell is legal, but half of all readers take it for a new row. */
const BREAKS = /[\p{Cc}\p{Zl}\p{Zp}]+/gu;

/**
 * One value as a cell of CSV (RFC 4180): always quoted, on one line, and never a formula: what a spreadsheet would
 * calculate gets an apostrophe in front.
 */
export function csvCell(value: unknown): string {
  if (value === undefined || value === null) return '""';
  const text = (value instanceof Date ? value.toISOString() : typeof value === 'string' ? value : JSON.stringify(value)).replace(BREAKS, ' ');
  return `"${(FORMULA.test(text) ? `'${text}` : text).replaceAll('"', '""')}"`;
}

/** Cells as a line. */
export const csvLine = (values: readonly unknown[]): string => `${values.map(csvCell).join(',')}\r\n`;
