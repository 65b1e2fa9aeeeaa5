/** A double as Go's `%g` writes it: the shortest digits that read back, with an exponent from 1e+06 up and from 1e-05 down. */
export function formatGoFloat(value: number): string {
  if (Number.isNaN(value)) return "NaN";
  if (!Number.isFinite(value)) return value > 0 ? "+Inf" : "-Inf";
  if (value === 0) return Object.is(value, -0) ? "-0" : "0";
  const [mantissa, exponent] = value.toExponential().split("e") as [string, string];
  const power = Number(exponent);
  if (power >= -4 && power < 6) return plainDecimal(value, mantissa, power);
  return `${mantissa}e${power < 0 ? "-" : "+"}${String(Math.abs(power)).padStart(2, "0")}`;
}

/** A double without an exponent (`strconv.FormatFloat(x, 'f', -1, 64)`). */
export function formatGoFixed(value: number): string {
  const [mantissa, exponent] = value.toExponential().split("e") as [string, string];
  return plainDecimal(value, mantissa, Number(exponent));
}

function plainDecimal(value: number, mantissa: string, power: number): string {
  const digits = mantissa.replace(/[-.]/g, "");
  const sign = value < 0 || Object.is(value, -0) ? "-" : "";
  if (power < 0) return `${sign}0.${"0".repeat(-power - 1)}${digits}`;
  const whole = digits.slice(0, power + 1).padEnd(power + 1, "0");
  const fraction = digits.slice(power + 1);
  return `${sign}${whole}${fraction === "" ? "" : `.${fraction}`}`;
}

const DECIMAL = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;
const SPECIAL: Record<string, number> = { inf: Infinity, infinity: Infinity, nan: Number.NaN };

/** A double as `strconv.ParseFloat` reads it, or undefined. */
export function parseGoFloat(text: string): number | undefined {
  const special = SPECIAL[text.toLowerCase().replace(/^[+-]/, "")];
  if (special !== undefined) return text.startsWith("-") ? -special : special;
  if (!DECIMAL.test(text)) return undefined;
  const value = Number(text);
  return Number.isFinite(value) ? value : undefined;
}
