import { z } from 'zod';
import { AuditFilter } from '@strowger/models/audit-events/audit-query';
import { filterOf, filterParameters, inOrder, LATER, parsedOr400 } from '../queries/audit-events.query';

const exportFormats = ['ndjson', 'csv'] as const;
export type ExportFormat = (typeof exportFormats)[number];

/** What is to be exported; `asked` is the filter as it was typed, for the record. */
export interface AuditExport { readonly format: ExportFormat; readonly filter: AuditFilter; readonly asked: string }

const Parameters = z.strictObject({ ...filterParameters, format: z.string().pipe(z.enum(exportFormats, `must be one of ${exportFormats.join(', ')}`)) }).refine(inOrder, LATER);

/**
 * Parses the query string of `GET /api/audit/export`: a format, and the filters of `GET /api/audit/events`.
 * @throws OAuthError invalid_request - naming the parameter that is missing, unknown, given twice, or not of its form
 */
export function parseAuditExport(parameters: unknown): AuditExport {
  const { format, ...filter } = parsedOr400(Parameters, parameters);
  const typed = Object.entries(z.record(z.string(), z.unknown()).parse(parameters)).filter(([name]) => name !== 'format').map(([name, value]) => [name, String(value)]);
  return { format, filter: filterOf(filter), asked: new URLSearchParams(typed.sort(([a = ''], [b = '']) => a.localeCompare(b))).toString() };
}
