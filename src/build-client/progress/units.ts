const UNITS = ["B", "kB", "MB", "GB", "TB"];

/** `4.19MB`: with powers of 1000, as BuildKit writes amounts (tonistiigi/units, `%.2f`). */
export function amountText(bytes: number): string {
  const power = bytes < 1000 ? 0 : Math.min(UNITS.length - 1, Math.floor(Math.log10(bytes) / 3));
  return `${power === 0 ? bytes : (bytes / 1000 ** power).toFixed(2)}${UNITS[power]}`;
}

/** ` 1.50MB / 4.19MB`, ` 1.50MB` where the whole is unknown, or nothing. */
export function progressText({ current, total }: { current: number; total: number }): string {
  if (total !== 0) return `${amountText(current)} / ${amountText(total)}`;
  return current === 0 ? "" : amountText(current);
}
