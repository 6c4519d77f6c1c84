/** One way to get a server. `find` gives what it found and how, or says why there is nothing. */
export interface Source<T> {
  readonly name: string;
  readonly find: () => Promise<Found<T> | Missing>;
}
export interface Found<T> { readonly value: T; readonly reason: string }
export interface Missing { readonly missing: string }

/**
 * The first source that has something, in the order given. A source that throws ends the search: what somebody asked for
 * by name and cannot be had is not replaced by something else.
 * @throws Error - none has; it says what each answered and what to install
 */
export async function firstSource<T>(what: string, sources: readonly Source<T>[], install: string, log: (line: string) => void): Promise<T> {
  const answers: string[] = [];
  for (const { name, find } of sources) {
    const result = await find();
    if ('value' in result) {
      log(`${what}: ${name} (${result.reason})`);
      for (const answer of answers) log(`  not ${answer}`);
      return result.value;
    }
    answers.push(`${name}: ${result.missing}`);
  }
  throw new Error(`no ${what} was found or could be got. Tried:\n${answers.map(answer => `  - ${answer}\n`).join('')}${install}`);
}
