import { invalidArgument } from "../../../base/index.ts";

/** The symbols of chmod(1): `u+rwx,go-w,a=rX`. */
const SYMBOLIC = /^[augo]*(?:[+\-=][rstwXxugo]*)+(?:,[augo]*(?:[+\-=][rstwXxugo]*)+)*$/;

/** Permission bits by number, or in symbols. */
export function parseChmod(text: string): { mode: number } | { modeText: string } {
  if (/^[0-7]+$/.test(text)) {
    const mode = Number.parseInt(text, 8);
    if (mode <= 0o7777) return { mode };
  }
  if (/^\d/.test(text)) {
    throw invalidArgument(
      `invalid chmod parameter: '${text}'. it should be octal string and between 0 and 07777`,
    );
  }
  if (!SYMBOLIC.test(text)) throw invalidArgument("invalid syntax");
  return { modeText: text };
}
