import { Schema } from 'mongoose';
import { IndexSpec } from '../database';

export const AUDIT_POSTINGS = 'audit_postings';

/** Where postings lie: in the drawer of their terms (one of 256: a term's first byte names it), on the shelf of one term that many events have, or, of any terms, in the tray until they are filed. */
export type Place = number | Shelf | 'tray';
export type Shelf = `shelf-${string}`;

/**
 * Postings: at which moments the trail of a tenant has an event with a term. Derived from the trail, never changed; written before the
 * events, so that every event that stands in the trail is found by them.
 */
export interface AuditPostingsDocument {
  /** `<tenant>/<place>/<moment of the newest posting>/<digest of the postings>`: the order of time within a place, and the same for the same postings. */
  _id: string;
  tenant_id: string;
  /** Moment of the oldest posting. */
  oldest: Date;
  /** How many events these postings were made of, whatever their terms. */
  events: number;
  /** See `encodePostings`. */
  postings: Buffer;
}

/** As of which moment every event has postings, older ones may have been recorded without; absent: every event has. One such document, its id no place's. */
export interface PostingsBeginDocument { _id: string; begin?: Date }
export const POSTINGS_BEGIN = 'begin';

const required = { type: String, required: true } as const;
export const auditPostingsSchema = new Schema<AuditPostingsDocument>({
  _id: required, tenant_id: required, oldest: { type: Date, required: true }, events: { type: Number, required: true }, postings: { type: Buffer, required: true },
}, { versionKey: false });

export const auditPostingsIndexes: readonly IndexSpec[] = [];

/** Makes every moment that RFC 3339 can name (years 0 to 9999) positive, in 13 hexadecimal digits. */
const STAMP_SHIFT_MS = 2 ** 48, STAMP_DIGITS = 13, TERM_DIGITS = 8, DRAWER_SHIFT = 24;
const stampOf = (ms: number): string => (ms + STAMP_SHIFT_MS).toString(16).padStart(STAMP_DIGITS, '0');
const nameOf = (place: Place): string => typeof place === 'number' ? place.toString(16).padStart(2, '0') : place;

/** The drawer in which a term's postings are filed. */
export const drawerOf = (term: number): number => term >>> DRAWER_SHIFT;
/** The shelf of a term, for its postings out of filings in which many events have it. */
export const shelfOf = (term: number): Shelf => `shelf-${term.toString(16).padStart(TERM_DIGITS, '0')}`;

/** The id of postings; `newest` in milliseconds since the epoch. */
export const postingsId = (tenantId: string, place: Place, newest: number, digest: string): string => `${tenantId}/${nameOf(place)}/${stampOf(newest)}/${digest}`;
/** What every id of a place that is not older than `from` (milliseconds since the epoch) is at least. */
export const firstId = (tenantId: string, place: Place, from: number): string => `${tenantId}/${nameOf(place)}/${from === -Infinity ? '' : stampOf(from)}`;
/** What every id of a place is less than: the next character after the slash. */
export const endOfIds = (tenantId: string, place: Place): string => `${tenantId}/${nameOf(place)}0`;
/** Moment of the newest posting, in milliseconds since the epoch. */
export const newestOf = ({ _id }: Pick<AuditPostingsDocument, '_id'>): number => parseInt(_id.split('/')[2] ?? '', 16) - STAMP_SHIFT_MS;
