/** What audit-service says of itself at `/metrics`, looked at each half second. */
export class AuditProcess {
  private most = 0;
  private readonly timer: NodeJS.Timeout;

  constructor(private readonly url: string) { this.timer = setInterval(() => { void this.memory().catch(() => undefined); }, 500).unref(); }

  stop(): void { clearInterval(this.timer); }

  /** Events recorded so far. */
  async recorded(): Promise<number> { return this.metric('audit_events_total{outcome="new"}'); }
  /** Its CPU time, in microseconds. */
  async cpu(): Promise<number> { return await this.metric('process_cpu_seconds_total') * 1e6; }
  /** Its resident memory now, in MB. */
  async memory(): Promise<number> {
    const now = await this.metric('process_resident_memory_bytes') / 1e6;
    this.most = Math.max(this.most, now);
    return now;
  }

  /** The most resident memory it was seen to have since this was last asked, in MB. */
  mostMemory(): number {
    const { most } = this;
    this.most = 0;
    return most;
  }

  private async metric(name: string): Promise<number> {
    const line = (await (await fetch(`${this.url}/metrics`)).text()).split('\n').find(one => one.startsWith(`${name} `));
    return Number(line?.slice(name.length) ?? 0);
  }
}
