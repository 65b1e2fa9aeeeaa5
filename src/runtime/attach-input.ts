import { closeSync } from "node:fs";
import { type Clock, GantryError } from "../base/index.ts";
import { connectSeqpacket } from "../kernel/index.ts";
import { sendPacket, shutdownReading } from "./native-calls.ts";
import type { AttachedInput } from "./types.ts";

/** conmon reads packets into a buffer of 32 KiB, and forgets what does not fit. */
const MAX_PACKET_BYTES = 8192;
const RETRY_FIRST_MS = 1;
const RETRY_MAX_MS = 50;

/**
 * Connects to conmon's attach socket for writing. Reading is shut down: conmon copies the container's output to everybody
 * who is attached and would wait, and the container with it, for one who does not read.
 */
export function attachInput(path: string, clock: Clock): AttachedInput {
  const fd = connectSeqpacket(path);
  shutdownReading(fd);
  let open = true;
  return {
    async write(data) {
      for (let offset = 0; offset < data.length; ) {
        const packet = data.subarray(offset, offset + MAX_PACKET_BYTES);
        for (let delayMs = RETRY_FIRST_MS; ; delayMs = Math.min(delayMs * 2, RETRY_MAX_MS)) {
          const outcome = open ? sendPacket(fd, packet) : "closed";
          if (outcome === "sent") break;
          if (outcome === "closed") {
            throw new GantryError("Gone", "the container's standard input is closed", {
              code: "Runtime.InputClosed",
            });
          }
          await clock.sleep(delayMs);
        }
        offset += packet.length;
      }
    },
    close() {
      if (!open) return;
      open = false;
      closeSync(fd);
    },
  };
}
