import { CallLogDocument, ExtensionDocument, FaxDocument, PbxDocument, RecordingDocument, SwitchboardDocument, VoicemailDocument } from '@strowger/models/pbx/pbx.schema';
import { timedId } from '@strowger/models/pbx/pbx-ids';
import { seededRandom } from './seeded-random';

type New<D extends PbxDocument> = readonly [id: string, fields: Omit<D, keyof PbxDocument>];
/** A PBX with a past. */
export interface PbxModel {
  readonly extensions: readonly New<ExtensionDocument>[];
  readonly switchboards: readonly New<SwitchboardDocument>[];
  readonly callLog: readonly New<CallLogDocument>[];
  readonly recordings: readonly New<RecordingDocument>[];
  readonly voicemail: readonly New<VoicemailDocument>[];
  readonly faxes: readonly New<FaxDocument>[];
}
/** `until`: the end of the past; it reaches so many days back. */
export interface PbxModelOptions { readonly seed: number; readonly until: Date; readonly extensions: number; readonly calls: number; readonly days: number }

const DAY_MS = 86_400_000;
const PLACES: readonly (readonly [department: string, names: readonly string[]])[] = [
  ['Reception', ['Reception', 'Alice', 'Bob', 'Front desk']], ['Sales', ['Sales desk', 'Key accounts', 'Tenders', 'Orders', 'Returns']],
  ['Support', ['Hotline', 'First level', 'Second level', 'Field service', 'On-call']], ['Works', ['Workshop', 'Stores', 'Loading bay', 'Gatehouse', 'Test bench']],
  ['Office', ['Accounts', 'Payroll', 'Purchasing', 'Legal', 'Meeting room']], ['Technology', ['Server room', 'Network desk', 'Cabling', 'Laboratory', 'Exchange']],
];
const ANSWERED = { inbound: 0.72, outbound: 0.68, internal: 0.85 } as const;

/** How busy an hour of the day is. */
const busyness = (hour: number): number => (hour < 7 || hour > 19 ? 0.03 : hour === 12 ? 0.5 : hour < 9 || hour > 16 ? 0.6 : 1);

/** A PBX as a middling company has it; the same for the same options. */
export function pbxModel({ seed, until, extensions: size, calls, days }: PbxModelOptions): PbxModel {
  const random = seededRandom(seed), whole = (below: number): number => Math.floor(random() * below);
  const extensions = extensionsOf(size), numbers = extensions.map(([id]) => id), switchboards = switchboardsOf(numbers);
  // Ranges that no telephone has, kept free for examples.
  const outside = (): string => (random() < 0.7 ? `+442079460${String(whole(1000)).padStart(3, '0')}` : `+12125550${String(100 + whole(100))}`);
  const known = Array.from({ length: 120 }, outside);
  const moments = Array.from({ length: calls }, () => {
    for (;;) {
      const at = new Date(until.getTime() - random() * days * DAY_MS), weekend = [0, 6].includes(at.getUTCDay());
      if (random() < busyness(at.getUTCHours()) * (weekend ? 0.15 : 1)) return at;
    }
  }).sort((one, other) => one.getTime() - other.getTime());

  const callLog: New<CallLogDocument>[] = [], recordings: New<RecordingDocument>[] = [], voicemail: New<VoicemailDocument>[] = [];
  for (const started_at of moments) {
    const chance = random(), direction = chance < 0.55 ? 'inbound' : chance < 0.85 ? 'outbound' : 'internal';
    const own = numbers[Math.floor(random() ** 1.6 * numbers.length)] ?? '100', peer = numbers[whole(numbers.length)] ?? '100', other = known[whole(known.length)] ?? outside();
    const board = direction === 'inbound' && random() < 0.6 ? switchboards.filter(([, { members }]) => members.includes(own))[0]?.[0] : undefined;
    const result = random() < ANSWERED[direction] ? 'answered' : direction === 'inbound' ? (['missed', 'voicemail', 'busy', 'missed'] as const)[whole(4)] ?? 'missed' : (['missed', 'busy', 'failed', 'cancelled'] as const)[whole(4)] ?? 'missed';
    const rang = 2 + whole(18), duration_seconds = result === 'answered' ? 5 + Math.floor(-Math.log(1 - random()) * 170) : 0, id = timedId(started_at, random);
    const after = (seconds: number): Date => new Date(started_at.getTime() + seconds * 1000);
    const recorded = result === 'answered' && random() < 0.08 ? timedId(after(rang), random) : undefined;
    const from = direction === 'inbound' ? other : own, to = direction === 'inbound' ? own : direction === 'internal' ? peer : other;
    callLog.push([id, {
      direction, result, from, to, extensions: direction === 'internal' && peer !== own ? [own, peer] : [own], ...(board !== undefined && { switchboard: board }), started_at,
      ...(result === 'answered' && { answered_at: after(rang) }), ended_at: after(rang + duration_seconds), duration_seconds, ...(recorded !== undefined && { recording: recorded }),
    }]);
    if (recorded !== undefined) recordings.push([recorded, { extension: own, call: id, from, to, recorded_at: after(rang), duration_seconds }]);
    if (result === 'voicemail') voicemail.push([timedId(after(rang), random), { extension: own, from, received_at: after(rang), duration_seconds: 4 + whole(50), heard: random() < 0.7 }]);
  }
  return { extensions, switchboards, callLog, recordings, voicemail, faxes: faxesOf(numbers, until, days, random, outside) };
}

function extensionsOf(size: number): New<ExtensionDocument>[] {
  return Array.from({ length: size }, (_none, at) => {
    const [department, names] = PLACES[at < 4 ? 0 : 1 + (at % (PLACES.length - 1))] ?? ['Office', ['Desk']], round = at < 4 ? 0 : Math.floor((at - 4) / (PLACES.length - 1));
    const name = at < 4 ? names[at] : `${names[round % names.length] ?? 'Desk'}${round < names.length ? '' : ` ${String(1 + Math.floor(round / names.length))}`}`;
    const fields = {
      name: name ?? 'Desk', department, call_forward: at % 5 === 0 ? { no_answer: { target: '100', enabled: true, after_seconds: 20 } } : {}, mailbox: { enabled: at % 7 !== 6 },
      record: at % 4 === 0 ? 'inbound' as const : 'none' as const,
    };
    return [String(100 + at), fields];
  });
}

function switchboardsOf(numbers: readonly string[]): New<SwitchboardDocument>[] {
  return [['main', 'Main number', '0', 0, 4], ['sales', 'Sales', '800', 3, 9], ['support', 'Support hotline', '801', 8, 15]].map(([id, name, number, from, to]) =>
    [String(id), { name: String(name), number: String(number), members: numbers.slice(Number(from), Number(to)), open: true }]);
}

function faxesOf(numbers: readonly string[], until: Date, days: number, random: () => number, outside: () => string): New<FaxDocument>[] {
  return Array.from({ length: 60 }, () => {
    const at = new Date(until.getTime() - random() * days * DAY_MS), extension = numbers[Math.floor(random() * numbers.length)] ?? '100', other = outside(), inbound = random() < 0.6;
    const id = timedId(at, random), pages = 1 + Math.floor(random() * 6);
    return [id, { direction: inbound ? 'inbound' : 'outbound', extension, from: inbound ? other : extension, to: inbound ? extension : other, pages, created_at: at, began_at: at, attempts: 1 }];
  });
}
