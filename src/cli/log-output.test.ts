import { expect, it } from "vitest";
import { LogOutput } from "./log-output.ts";

it("goes on when the log cannot be written, and says later what is missing", () => {
  let room = 20;
  let text = "";
  const log = new LogOutput((bytes) => {
    if (room === 0) throw new Error("ENOSPC: no space left on device, write");
    const part = bytes.subarray(0, room);
    room -= part.length;
    text += Buffer.from(part).toString();
    return part.length;
  });
  log.line("the first line");
  log.line("is torn, for there is no space");
  log.line("lost");
  log.line("lost too");
  room = 1000;
  log.line("there is space again");
  expect(text).toBe(
    "the first line\nis to\n3 lines of the log are missing here: it could not be written\nthere is space again\n",
  );
});
