import { readFileSync, renameSync, symlinkSync, unlinkSync, writeFileSync } from "node:fs";
import { armFailpoint } from "./failpoints.ts";

export interface RecordFault {
  name: string;
  /** Makes reading the record fail; returns the way to heal it. */
  strike(path: string): () => void;
}

/** What a failing disk or a program at its limits does to a record that is whole: afterwards it must be as it was. */
export const UNREADABLE: RecordFault[] = [
  {
    name: "EIO",
    strike(path) {
      renameSync(path, `${path}.kept`);
      // Its first page is never mapped: reading it fails with EIO.
      symlinkSync("/proc/self/mem", path);
      return () => {
        unlinkSync(path);
        renameSync(`${path}.kept`, path);
      };
    },
  },
  {
    name: "EMFILE",
    strike: (path) =>
      armFailpoint(`base/record/read ${path}`, () => {
        throw Object.assign(new Error("EMFILE: too many open files"), { code: "EMFILE" });
      }),
  },
];

/** What a power cut leaves of a record that was not synced. */
export const DAMAGED: RecordFault[] = [
  {
    name: "a torn file",
    strike(path) {
      const whole = readFileSync(path);
      writeFileSync(path, whole.subarray(0, whole.length / 2));
      return () => writeFileSync(path, whole);
    },
  },
  {
    name: "an empty file",
    strike(path) {
      const whole = readFileSync(path);
      writeFileSync(path, "");
      return () => writeFileSync(path, whole);
    },
  },
];
