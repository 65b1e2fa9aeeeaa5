/** As much as an archive is known by. */
const HEADER_BYTES = 1024;

/** The beginning of standard input, and all of it. */
export async function readStandardInput(): Promise<{ header: Buffer; content: AsyncIterable<Uint8Array> }> {
  const chunks = process.stdin[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  const first: Buffer[] = [];
  let size = 0;
  while (size < HEADER_BYTES) {
    const { done, value } = await chunks.next();
    if (done) break;
    first.push(value);
    size += value.length;
  }
  async function* content(): AsyncGenerator<Uint8Array> {
    yield* first;
    for (;;) {
      const { done, value } = await chunks.next();
      if (done) return;
      yield value;
    }
  }
  return { header: Buffer.concat(first), content: content() };
}
