/** Stand-in. */
export function splitMessages(bytes: Uint8Array): Uint8Array[] {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const starts: number[] = [];
  for (let at = buffer.indexOf('MSH'); at >= 0; at = buffer.indexOf('MSH', at + 1)) {
    const before = buffer[at - 1];
    if (at === 0 || before === 0x0d || before === 0x0a || before === 0x0b || before === 0xbf) {
      starts.push(at);
    }
  }
  return starts.map((start, index) => {
    const piece = buffer.subarray(start, starts[index + 1] ?? buffer.length);
    const end = piece.indexOf(0x1c);
    return end < 0 ? piece : piece.subarray(0, end);
  });
}
