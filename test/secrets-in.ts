// A global of its own: jest looks each one up anew.
const { imul } = Math;
const WINDOW = 16, BASE = 31, FILTER_BITS = 20;
const OUTGOING = Array.from({ length: WINDOW - 1 }).reduce<number>(power => imul(power, BASE), 1);
const hashOf = (text: string): number => { let hash = 0; for (let i = 0; i < text.length; i++) hash = (imul(hash, BASE) + text.charCodeAt(i)) | 0; return hash; };

/** Which of thousands of secrets stand in megabytes of text, in one pass over it (Rabin and Karp, by the end of each: JWTs begin alike). */
export function secretsIn(text: string, secrets: Iterable<string>): string[] {
  const found = new Set<string>(), byEnd = new Map<number, string[]>(), filter = new Uint8Array(1 << FILTER_BITS);
  for (const secret of new Set(secrets)) {
    if (secret.length < WINDOW) { if (text.includes(secret)) found.add(secret); continue; }
    const hash = hashOf(secret.slice(-WINDOW));
    byEnd.set(hash, [...byEnd.get(hash) ?? [], secret]);
    filter[hash >>> (32 - FILTER_BITS)] = 1;
  }
  let hash = 0;
  for (let end = 0; end < text.length; end++) {
    if (end >= WINDOW) hash = (hash - imul(text.charCodeAt(end - WINDOW), OUTGOING)) | 0;
    hash = (imul(hash, BASE) + text.charCodeAt(end)) | 0;
    if (filter[hash >>> (32 - FILTER_BITS)] === 0) continue;
    for (const secret of byEnd.get(hash) ?? []) if (text.endsWith(secret, end + 1)) found.add(secret);
  }
  return [...found];
}
