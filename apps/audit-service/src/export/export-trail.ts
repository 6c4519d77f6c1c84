import { setTimeout as pause } from 'node:timers/promises';
import { EventData } from '@strowger/contracts/event-catalogue';
import { ApiError } from '@strowger/auth/api-error';
import { AuditEventsReader } from '@strowger/models/audit-events/audit-events.reader';
import { AuditEventDocument } from '@strowger/models/audit-events/audit-events.schema';
import { AuditEventsWriter } from '@strowger/models/audit-events/audit-events.writer';
import { EventSource, makeEvent, randomEventId } from '@strowger/models/outbox/make-event';
import { AccessTokenClaims } from '@strowger/oauth-core/facts';
import { ServiceLog } from '@strowger/service/service-log';
import { answerOf } from '../queries/event-answer';
import { AuditExport, ExportFormat } from './audit-export.query';
import { CSV_HEAD, csvLine } from './csv';

/** Who exports, and from where. */
export interface Exporter { readonly claims: AccessTokenClaims; readonly request_id: string; readonly ip: string; readonly user_agent?: string }

const EVENTS_A_PAGE = 500, AT_ONCE = 8;
const RECORD_TRIES = 5, RECORD_PAUSE_MS = 500;

const linesOf: Readonly<Record<ExportFormat, (event: AuditEventDocument) => string>> = { csv: csvLine, ndjson: event => `${JSON.stringify(answerOf(event))}\n` };

/**
 * Exports a tenant's trail page by page, newest first: never more than a page is held, however slowly it is read. Every
 * export is recorded in the trail itself when it ends, also when its reader went away.
 */
export class ExportTrail {
  private readonly underWay = new Set<Promise<void>>();
  private open = 0;

  constructor(private readonly events: Pick<AuditEventsReader, 'page'>, private readonly writer: Pick<AuditEventsWriter, 'record'>, private readonly source: EventSource, private readonly log: ServiceLog) {}

  /**
   * Begins an export: the first page is read before it answers. A reader that has taken everything knows that the export
   * is recorded; one that cannot be finished ends in an error and not as if it were whole.
   * @throws ApiError rate_limit_exceeded - too many are under way; a database error
   */
  async begin(wanted: AuditExport, by: Exporter): Promise<AsyncGenerator<string, void>> {
    if (this.open >= AT_ONCE) throw new ApiError(429, 'rate_limit_exceeded', `${String(AT_ONCE)} exports are under way; try again when one has ended`, { status: 'rate_limit_exceeded', retryAfterSeconds: 10 });
    this.open++;
    try {
      const first = await this.events.page(by.claims.tenant_id, wanted.filter, EVENTS_A_PAGE);
      const pages = this.pages(first, wanted, by);
      await pages.next();      // to its first rest: whoever throws the stream away from here on ends what has begun
      return pages;
    } catch (error) {
      this.open--;
      throw error;
    }
  }

  /** Resolves when every export that has ended is recorded. */
  async drain(): Promise<void> { while (this.underWay.size > 0) await Promise.all(this.underWay); }

  private async *pages(first: AuditEventDocument[], { format, filter, asked }: AuditExport, by: Exporter): AsyncGenerator<string, void> {
    let count = 0;
    try {
      yield '';
      if (format === 'csv') yield CSV_HEAD;
      for (let page = first; page.length > 0;) {
        const last = page.at(-1);
        yield page.map(linesOf[format]).join('');
        count += page.length;
        page = last && page.length === EVENTS_A_PAGE ? await this.events.page(by.claims.tenant_id, filter, EVENTS_A_PAGE, { time: last.time, id: last._id }) : [];
      }
    } finally {
      this.open--;
      await this.recorded(asked, count, by);
    }
  }

  private async recorded(asked: string, count: number, by: Exporter): Promise<void> {
    const recording = this.record(asked, count, by);
    const settled = recording.catch(() => undefined);
    this.underWay.add(settled);
    void settled.finally(() => this.underWay.delete(settled));
    await recording;
  }

  private async record(filter: string, count: number, { claims, ...origin }: Exporter): Promise<void> {
    const now = new Date(), id = randomEventId();
    const data: EventData<'audit.exported'> = {
      tenant_id: claims.tenant_id, version: 1, by: { account_id: claims.sub, client_id: claims.client_id, ...(claims.act && { act: claims.act }) }, ...origin, filter, count,
    };
    const { source, type, subject, data: told } = makeEvent(this.source, 'audit.exported', id, id, now, data);
    const document: AuditEventDocument = { _id: id, tenant_id: claims.tenant_id, version: 1, source, type, subject, time: now, data: { ...told }, recorded_at: new Date() };
    for (let tries = 1; ; tries++) {
      try {
        await this.writer.record([document]);
        return;
      } catch (error) {
        if (tries >= RECORD_TRIES) {
          this.log.error({ err: error, tenant_id: claims.tenant_id, account_id: claims.sub, filter, count }, 'an export could not be recorded in the trail');
          throw error;
        }
        await pause(RECORD_PAUSE_MS);
      }
    }
  }
}
