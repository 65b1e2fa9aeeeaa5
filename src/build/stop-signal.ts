import { constants } from "node:os";

const MAX_SIGNAL = 64;

/** Whether the text names a signal: a number, or a name with or without SIG, real-time ones included. */
export function isSignal(text: string): boolean {
  if (/^\d+$/.test(text)) return Number(text) > 0 && Number(text) <= MAX_SIGNAL;
  const name = text.toUpperCase().replace(/^SIG/, "");
  return (
    Object.hasOwn(constants.signals, `SIG${name}`) ||
    /^RTM(?:IN(?:\+(?:\d|1[0-5]))?|AX(?:-(?:\d|1[0-4]))?)$/.test(name)
  );
}
