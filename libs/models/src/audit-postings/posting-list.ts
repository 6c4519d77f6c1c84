/** Postings by term: the moments, in milliseconds since the epoch, at which there is an event with it. */
export type Postings = ReadonlyMap<number, readonly number[]>;

const TERM_BYTES = 4;
/** Bytes of a number: moments differ by less than 2^56 ms. */
const LONGEST_NUMBER = 8;
const LENGTH = Buffer.alloc(LONGEST_NUMBER);

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
  let most = 0;
  for (const moments of postings.values()) most += TERM_BYTES + (moments.length + 1) * LONGEST_NUMBER;
  const bytes = Buffer.allocUnsafe(most);
  let end = 0;
  for (const term of Uint32Array.from(postings.keys()).sort()) {
    const moments = inOrder(postings.get(term) ?? []), begin = bytes.writeUInt32BE(term, end) + 1;
    end = begin;
    for (let n = 0; n < moments.length; n++) if (n === 0 || moments[n] !== moments[n - 1]) end = writeNumber(bytes, end, (moments[n] ?? 0) - (moments[n - 1] ?? oldest));
    end = putLength(bytes, begin, end);
  }
  return Buffer.from(bytes.subarray(0, end));
}

/** The moments of the terms that are wanted, or of all, in ascending order of each. */
export function readPostings(bytes: Buffer, oldest: number, wanted: ReadonlySet<number> | 'all', take: (term: number, moments: Float64Array) => void): void {
  let at = 0;
  const next = (): number => {
    let value = 0;
    for (let unit = 1; ; unit *= 128) {
      const byte = bytes[at++] ?? 0;
      if (byte < 128) return value + byte * unit;
      value += (byte - 128) * unit;
    }
  };
  while (at < bytes.length) {
    const term = bytes.readUInt32BE(at);
    at += TERM_BYTES;
    const length = next(), end = at + length;
    if (wanted === 'all' || wanted.has(term)) {
      let many = 0;
      for (let byte = at; byte < end; byte++) if ((bytes[byte] ?? 0) < 128) many++;
      const moments = new Float64Array(many);
      for (let n = 0, moment = oldest; n < many; n++) moments[n] = moment += next();
      take(term, moments);
    }
    at = end;
  }
}

function inOrder(moments: readonly number[]): readonly number[] {
  for (let n = 1; n < moments.length; n++) if ((moments[n] ?? 0) < (moments[n - 1] ?? 0)) return [...moments].sort((a, b) => a - b);
  return moments;
}

/** Writes a number and returns where it ends. */
function writeNumber(bytes: Buffer, at: number, value: number): number {
  let end = at;
  for (; value >= 128; value = Math.floor(value / 128)) bytes[end++] = value % 128 + 128;
  bytes[end++] = value;
  return end;
}

/** Writes before what stands from `begin` to `end` how long it is, and returns where it ends then; there is one byte of room, mostly enough. */
function putLength(bytes: Buffer, begin: number, end: number): number {
  const length = end - begin, more = writeNumber(LENGTH, 0, length) - 1;
  if (more > 0) bytes.copyWithin(begin + more, begin, end);
  LENGTH.copy(bytes, begin - 1, 0, more + 1);
  return end + more;
}
