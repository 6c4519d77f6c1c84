/** One thing that a stranger may try. */
export interface ChecklistItem {
  readonly number: number;
  /** Heading under which it stands, such as `1c Token endpoint`. */
  readonly section: string;
  readonly must: boolean;
  readonly text: string;
  /** What is not built yet and has to be before the item can be tested in full; undefined: the item is in scope. */
  readonly waitsFor?: string;
}

const ROW = /^\| S(\d{1,3}) \| (MUST|SHOULD) \| (.+?) \|(?: (.+?))? \|$/;

/**
 * The items of the security checklist, in the order of their numbers.
 * @throws Error - a row that begins like an item is none, or the numbers are not 1, 2, 3 …
 */
export function parseChecklist(markdown: string): readonly ChecklistItem[] {
  const items: ChecklistItem[] = [];
  let section = '';
  for (const line of markdown.split('\n')) {
    const heading = /^## (.+)$/.exec(line)?.[1];
    if (heading !== undefined) section = heading;
    if (!/^\|\s*S\d/.test(line)) continue;
    const [, number, level, text, waitsFor] = ROW.exec(line) ?? [];
    if (number === undefined || text === undefined) throw new Error(`this row of the security checklist is no item: ${line}`);
    if (Number(number) !== items.length + 1) throw new Error(`S${number} of the security checklist follows S${String(items.length)}`);
    items.push({ number: Number(number), section, must: level === 'MUST', text, ...(waitsFor !== undefined && { waitsFor }) });
  }
  return items;
}
