import { Rotation, SigningKeyDocument, SigningKeysPort, WrappedKey } from './signing-keys.store';

/** Signing keys in memory; `now` is the time of its database. */
export class InMemorySigningKeys implements SigningKeysPort {
  readonly keys = new Map<string, SigningKeyDocument>();
  /** `type kid` of each event. */
  readonly events: string[] = [];

  constructor(private readonly now: () => Date) {}

  all(): ReturnType<SigningKeysPort['all']> { return Promise.resolve({ keys: [...this.keys.values()].sort((a, b) => a.created_at.getTime() - b.created_at.getTime()), now: this.now() }); }

  insertFirst(key: SigningKeyDocument): Promise<boolean> {
    if ([...this.keys.values()].some(one => one.status === key.status)) return Promise.resolve(false);
    this.insert(key);
    return Promise.resolve(true);
  }

  rotate({ active, next, fresh }: Rotation, compromised: boolean): Promise<boolean> {
    const [was, begun] = [this.standing(active, 'active'), this.standing(next, 'next')];
    if (!was || !begun) return Promise.resolve(false);
    const ended: SigningKeyDocument = { ...was, status: 'retiring', retiring_at: this.now(), version: was.version + 1 };
    const signs: SigningKeyDocument = { ...begun, status: 'active', active: true, activated_at: this.now(), version: begun.version + 1 };
    delete ended.active;
    delete ended.private_key;
    delete signs.next;
    if (compromised) this.keys.delete(was._id);
    else this.keys.set(was._id, ended);
    this.keys.set(begun._id, signs);
    this.insert(fresh);
    this.events.push(`key.rotated ${begun._id}`, ...(compromised ? [`key.withdrawn ${was._id}`] : []));
    return Promise.resolve(true);
  }

  rewrap({ _id, version }: SigningKeyDocument, private_key: WrappedKey): Promise<void> {
    const key = this.keys.get(_id);
    if (key?.version === version && key.private_key) this.keys.set(_id, { ...key, private_key, version: version + 1 });
    return Promise.resolve();
  }

  lengthen(longestTokenSeconds: number): Promise<void> {
    for (const key of this.keys.values()) {
      if (key.status !== 'retiring') this.keys.set(key._id, { ...key, longest_token_seconds: Math.max(key.longest_token_seconds ?? 0, longestTokenSeconds) });
    }
    return Promise.resolve();
  }

  retire(key: SigningKeyDocument): Promise<void> {
    if (this.standing(key, 'retiring')) this.keys.delete(key._id);
    return Promise.resolve();
  }

  private standing({ _id, version }: SigningKeyDocument, status: SigningKeyDocument['status']): SigningKeyDocument | undefined {
    const key = this.keys.get(_id);
    return key?.status === status && key.version === version ? key : undefined;
  }

  private insert(key: SigningKeyDocument): void {
    this.keys.set(key._id, { ...key, published_at: this.now(), ...(key.status === 'active' && { activated_at: this.now() }) });
  }
}
