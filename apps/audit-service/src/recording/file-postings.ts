import { AuditPostingsWriter } from '@strowger/models/audit-postings/audit-postings.writer';
import { ServiceLog } from '@strowger/service/service-log';

/** Files postings beside recording, which never waits for it: what is not filed now is found all the same, and filed later. */
export class FilePostings {
  private underWay: Promise<void> | undefined;

  constructor(private readonly postings: Pick<AuditPostingsWriter, 'file'>, private readonly log: ServiceLog) {}

  /** Begins to file what is due, unless it is at it. */
  start(): void {
    this.underWay ??= this.postings.file()
      .catch((error: unknown) => { this.log.warn({ err: error }, 'postings of the trail could not be filed now'); })
      .finally(() => { this.underWay = undefined; });
  }

  /** Resolves when nothing is being filed. */
  async drain(): Promise<void> { await this.underWay; }
}
