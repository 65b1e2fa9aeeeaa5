const UNITS: Record<string, number> = { "": 1, k: 2 ** 10, m: 2 ** 20, g: 2 ** 30, t: 2 ** 40, p: 2 ** 50 };

/** `1.5gb`, `64M`, `100`: bytes, in powers of 1024 (docker/go-units, RAMInBytes). */
export function parseBytes(text: string): number {
  if (text === "-1") return -1;
  const match = /^(\d+(?:\.\d+)?|\.\d+) ?([kKmMgGtTpP]?)(?:[iI]?[bB])?$/.exec(text.trim());
  if (!match) throw new Error(`invalid size: '${text}'`);
  return Math.trunc(Number(match[1]) * UNITS[match[2]!.toLowerCase()]!);
}
