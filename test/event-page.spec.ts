import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { EventType, eventCatalogue, isEventType, lowersARight, subjectOf } from '@strowger/contracts/event-catalogue';

const page = readFileSync(join(__dirname, '..', 'docs', 'events.md'), 'utf8');
const types = Object.keys(eventCatalogue).filter(isEventType);
const base = new Set(['tenant_id', 'version', 'by', 'request_id', 'ip', 'user_agent']);
const flagsOf = (type: EventType): string => [lowersARight(type) ? 'L' : '', 'caches' in eventCatalogue[type] ? 'C' : ''].filter(flag => flag !== '').join(' ') || '–';
const fieldsOf = (type: EventType): string => Object.entries(eventCatalogue[type].data.shape).filter(([name]) => !base.has(name)).map(([name, shape]: [string, z.ZodType]) => `${name}${shape.safeParse(undefined).success ? '?' : ''}`).join(', ');
/** A row of the page but for its last cell, which is for people. */
const rowOf = (type: EventType): string => `| \`${type}\` | ${eventCatalogue[type].service} | ${flagsOf(type)} | \`${subjectOf(type)}\` | ${fieldsOf(type) === '' ? '–' : `\`${fieldsOf(type)}\``} | `;

test('the page of events has each event of the catalogue, with its publisher, flags, subject and data, in the catalogue\'s order, and nothing else', () => {
  const rows = page.split('\n').filter(line => /^\| `[a-z_]+\.[a-z_]+` \|/.test(line));
  expect(rows.map(row => row.split(' | ').slice(0, 5).join(' | ').concat(' | '))).toEqual(types.map(rowOf));
  for (const row of rows) expect(row.split(' | ').at(-1)?.length).toBeGreaterThan(8);
});
