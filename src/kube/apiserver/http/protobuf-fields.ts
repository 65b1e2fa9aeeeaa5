// What is put together around encoded objects: https://protobuf.dev/programming-guides/encoding, fields with a length.

export function field(number: number, bytes: Uint8Array): Buffer {
  return Buffer.concat([fieldHead(number, bytes.length), bytes]);
}

/** What stands before the bytes of a field. */
export function fieldHead(number: number, sizeBytes: number): Buffer {
  return Buffer.from([(number << 3) | 2, ...varint(sizeBytes)]);
}

/** The bytes of the first such field at the top of a message that has only fields with a length. */
export function readField(message: Uint8Array, number: number, offset = 0): Uint8Array {
  for (let at = offset; at < message.length; ) {
    const tag = message[at++]!;
    let sizeBytes = 0;
    for (let shift = 0, byte = 0x80; byte & 0x80; shift += 7) {
      byte = message[at++]!;
      sizeBytes |= (byte & 0x7f) << shift;
    }
    if (tag >> 3 === number) return message.subarray(at, at + sizeBytes);
    at += sizeBytes;
  }
  return new Uint8Array(0);
}

function varint(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 0x7f; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 0x80);
  return [...bytes, rest];
}
