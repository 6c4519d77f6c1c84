const RATE = 8000, LONGEST_SECONDS = 30, HEADER_BYTES = 44, MIDDLE = 128;

/** What the simulated switch has for a recording or a message: a WAV file of so many seconds (at most 30), two quiet tones in turn. */
export function sound(seconds: number): Buffer {
  const samples = Math.max(1, Math.min(seconds, LONGEST_SECONDS)) * RATE, wav = Buffer.alloc(HEADER_BYTES + samples);
  wav.write('RIFF', 0);
  wav.writeUInt32LE(HEADER_BYTES - 8 + samples, 4);
  wav.write('WAVEfmt ', 8);
  wav.writeUInt32LE(16, 16);
  wav.writeUInt16LE(1, 20);
  wav.writeUInt16LE(1, 22);
  wav.writeUInt32LE(RATE, 24);
  wav.writeUInt32LE(RATE, 28);
  wav.writeUInt16LE(1, 32);
  wav.writeUInt16LE(8, 34);
  wav.write('data', 36);
  wav.writeUInt32LE(samples, 40);
  for (let at = 0; at < samples; at++) {
    const tone = Math.floor(at / RATE) % 2 === 0 ? 440 : 350;
    wav[HEADER_BYTES + at] = MIDDLE + Math.round(12 * Math.sin(2 * Math.PI * tone * at / RATE));
  }
  return wav;
}
