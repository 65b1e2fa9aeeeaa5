import { Transform } from "node:stream";
import { invalidArgument } from "../../base/index.ts";

/** ctrl-p ctrl-q. */
export const DEFAULT_DETACH_KEYS: readonly number[] = [16, 17];

/** Reads `ctrl-a,b,ctrl-@,DEL`: characters, and `ctrl-` with one of `a-z@[\\]^_`. Undefined where it is none of that. */
export function parseDetachKeys(text: string): number[] | undefined {
  const codes = text.split(",").map(codeOf);
  return codes.includes(undefined) ? undefined : (codes as number[]);
}

function codeOf(key: string): number | undefined {
  if (key.length === 1) return key.charCodeAt(0);
  if (key === "DEL") return 127;
  const match = /^ctrl-([a-z@[\\\]^_])$/.exec(key);
  return match ? match[1]!.toUpperCase().charCodeAt(0) - 64 : undefined;
}

/** `what` is Docker's word for them: detach keys of an attachment, escape keys of an exec. */
export function detachKeysOf(text: string | undefined, what: string): readonly number[] {
  if (!text) return DEFAULT_DETACH_KEYS;
  const keys = parseDetachKeys(text);
  if (keys) return keys;
  throw invalidArgument(`Invalid ${what} keys (${text}) provided`, { code: "DockerApi.DetachKeys" });
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
