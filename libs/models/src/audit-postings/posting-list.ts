/** Postings by term: the moments, in milliseconds since the epoch, at which there is an event with it. */
export type Postings = ReadonlyMap<number, readonly number[]>;

const TERM_BYTES = 4;

/** Adds a moment to a term's. */
export function addPosting(postings: Map<number, number[]>, term: number, moment: number): void {
  const moments = postings.get(term);
  if (moments) moments.push(moment);
  else postings.set(term, [moment]);
}

/**
 * Postings as bytes, the same for the same postings: for each term its 4 bytes, the length of what follows, and the pauses from the oldest
 * moment of all to its first, and from each to its next. Numbers are LEB128, so that a moment of a frequent term is a byte or two.
 */
export function encodePostings(postings: Postings, oldest: number): Buffer {
  const bytes: number[] = [], pauses: number[] = [];
  for (const [term, moments] of [...postings].sort(([a], [b]) => a - b)) {
    pauses.length = 0;
    let last = oldest;
    for (const moment of new Set([...moments].sort((a, b) => a - b))) {
      pushNumber(pauses, moment - last);
      last = moment;
    }
    bytes.push(term >>> 24, term >>> 16 & 255, term >>> 8 & 255, term & 255);
    pushNumber(bytes, pauses.length);
    for (const byte of pauses) bytes.push(byte);
  }
  return Buffer.from(bytes);
}

/** Hands over each posting of the terms that are wanted, or of all. */
export function readPostings(bytes: Buffer, oldest: number, wanted: ReadonlySet<number> | 'all', take: (term: number, moment: number) => void): void {
  let at = 0;
  const next = (): number => {
    let value = 0;
    for (let unit = 1; ; unit *= 128) {
      const byte = bytes[at++] ?? 0;
      value += (byte & 127) * unit;
      if (byte < 128) return value;
    }
  };
  while (at < bytes.length) {
    const term = bytes.readUInt32BE(at);
    at += TERM_BYTES;
    const length = next(), end = at + length;
    if (wanted === 'all' || wanted.has(term)) for (let moment = oldest; at < end;) take(term, moment += next());
    at = end;
  }
}

function pushNumber(bytes: number[], value: number): void {
  for (; value >= 128; value = Math.floor(value / 128)) bytes.push(value % 128 + 128);
  bytes.push(value);
}
