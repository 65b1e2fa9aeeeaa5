const UNITS = "kmgtp";

/** Bytes of `10m`, `1.5 GiB`, `512`: in steps of 1024, as units.RAMInBytes reads it. Undefined for what is none. */
export function parseSizeText(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?) ?(?:([kmgtp])(?:i?b)?|b)?$/i.exec(text);
  if (!match) return undefined;
  const steps = match[2] ? UNITS.indexOf(match[2].toLowerCase()) + 1 : 0;
  return Math.trunc(Number(match[1]) * 1024 ** steps);
}
