const UNITS = "kmgtp";
const MAX_BYTES = 2 ** 63;

/** Bytes of a size as people write it, with powers of 1024: `64m`, `1.5GiB`, `10 kb`, `512` (docker/go-units, RAMInBytes). */
export function parseSize(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)*) ?([kKmMgGtTpP])?[iI]?[bB]?$/.exec(text);
  if (!match) return undefined;
  const amount = Number(match[1]);
  const power = match[2] === undefined ? 0 : UNITS.indexOf(match[2].toLowerCase()) + 1;
  const bytes = Math.trunc(amount * 1024 ** power);
  return Number.isFinite(bytes) && bytes < MAX_BYTES ? bytes : undefined;
}
