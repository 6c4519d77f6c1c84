/** Markup that may stand in a page as it is. Only `html` makes it. */
export class Html {
  constructor(readonly markup: string) {}
}
type Part = string | Html | readonly Html[] | undefined;

const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', '\'': '&#39;' };
/** Controls, line separators and what turns the direction of text around (Unicode's bidirectional formatting). */
const invisible = /[\u0000-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;

/** Markup from a template: text that is put in becomes inert, in contents and in quoted attributes alike; `Html` is put in as it is. */
export const html = (strings: TemplateStringsArray, ...parts: readonly Part[]): Html =>
  new Html(strings.map((text, i) => text + markupOf(parts[i])).join(''));

function markupOf(part: Part): string {
  if (part === undefined) return '';
  if (part instanceof Html) return part.markup;
  if (typeof part === 'string') return part.replace(invisible, '').replace(/[&<>"']/g, character => entities[character] ?? '');
  return part.map(one => one.markup).join('');
}
