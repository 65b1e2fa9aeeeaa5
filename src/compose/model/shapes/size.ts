const UNITS: Record<string, number> = { k: 2 ** 10, m: 2 ** 20, g: 2 ** 30, t: 2 ** 40, p: 2 ** 50 };

/** `1.5gb`, `64M`, `100`: bytes, in powers of 1024 (docker/go-units, RAMInBytes). */
export function parseBytes(text: string): number {
  const match = /^(.*[0-9.]) ?([^0-9. ]*)$/s.exec(text);
  if (!match || !/^\+?(?:\d+\.?\d*|\.\d+)$/.test(match[1]!)) throw new Error(`invalid size: '${text}'`);
  const size = Number(match[1]);
  const suffix = match[2]!.toLowerCase();
  if (suffix === "" || suffix === "b") return Math.trunc(size);
  const unit = UNITS[suffix[0]!];
  if (unit === undefined || !["", "b", "ib"].includes(suffix.slice(1))) {
    throw new Error(`invalid suffix: '${match[2]}'`);
  }
  return Math.trunc(size * unit);
}
