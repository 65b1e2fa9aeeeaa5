import { Duplex } from "node:stream";
import type { ClientCall } from "../grpc/index.ts";
import type { BytesMessage } from "../messages/common-messages.ts";

/** A call that carries bytes both ways, as a connection. */
export function connectionOver(call: ClientCall<typeof BytesMessage, typeof BytesMessage>): Duplex {
  const received = call.messages();
  return new Duplex({
    read() {
      received.next().then(
        ({ done, value }) => this.push(done ? null : Buffer.from(value.data)),
        (error) => this.destroy(error),
      );
    },
    write(chunk: Buffer, _encoding, callback) {
      call.send({ data: chunk }).then(() => callback(), callback);
    },
    final(callback) {
      call.end();
      callback();
    },
    destroy(error, callback) {
      call.cancel();
      callback(error);
    },
  });
}
