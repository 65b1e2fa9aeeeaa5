import { Transform } from "node:stream";
import { invalidArgument } from "../../base/index.ts";

/** ctrl-p ctrl-q. */
export const DEFAULT_DETACH_KEYS: readonly number[] = [16, 17];

/** Reads `ctrl-a,b,ctrl-@`: a letter, or ctrl- with one of `a-z@[\]^_`. */
export function parseDetachKeys(text: string): number[] {
  return text.split(",").map((key) => {
    if (key.length === 1) return key.charCodeAt(0);
    const match = /^ctrl-([a-z@[\\\]^_])$/i.exec(key);
    if (!match) {
      throw invalidArgument(`invalid detach keys (${text}) provided: Unknown character: '${key}'`, {
        code: "DockerApi.DetachKeys",
      });
    }
    return match[1]!.toUpperCase().charCodeAt(0) - 64;
  });
}

/**
 * Passes a terminal's input on and watches for the detach sequence; when it is complete `onDetach` is called and
 * nothing more passes. A beginning of the sequence that is not continued is passed on late, not lost.
 */
export function detachWatcher(keys: readonly number[], onDetach: () => void): Transform {
  let matched = 0;
  let detached = false;
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      if (detached || keys.length === 0) return done(null, detached ? undefined : chunk);
      const passed: number[] = [];
      for (const byte of chunk) {
        if (byte === keys[matched]) {
          matched++;
          if (matched < keys.length) continue;
          detached = true;
          if (passed.length > 0) this.push(Buffer.from(passed));
          onDetach();
          return done();
        }
        passed.push(...keys.slice(0, matched));
        matched = byte === keys[0] ? 1 : 0;
        if (matched === 0) passed.push(byte);
      }
      done(null, passed.length > 0 ? Buffer.from(passed) : undefined);
    },
    flush(done) {
      done(null, matched > 0 && !detached ? Buffer.from(keys.slice(0, matched)) : undefined);
    },
  });
}
