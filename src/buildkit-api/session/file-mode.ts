/** Kinds and bits of Go's os.FileMode (io/fs, FileMode) and of Linux' `st_mode`. */
const KINDS: [go: number, linux: number][] = [
  [2 ** 31, 0o040000],
  [2 ** 27, 0o120000],
  [2 ** 26 + 2 ** 21, 0o020000],
  [2 ** 26, 0o060000],
  [2 ** 25, 0o010000],
  [2 ** 24, 0o140000],
];
const BITS: [go: number, linux: number][] = [
  [2 ** 23, 0o4000],
  [2 ** 22, 0o2000],
  [2 ** 20, 0o1000],
];
const PERMISSIONS = 0o777;
const KIND_MASK = 0o170000;
const REGULAR = 0o100000;

const has = (mode: number, bits: number) => (mode & bits) >>> 0 === bits;

export function linuxModeOf(goMode: number): number {
  const kind = KINDS.find(([go]) => has(goMode, go))?.[1] ?? REGULAR;
  return BITS.reduce(
    (mode, [go, linux]) => (has(goMode, go) ? mode | linux : mode),
    kind | (goMode & PERMISSIONS),
  );
}

export function goModeOf(linuxMode: number): number {
  const kind = KINDS.find(([, linux]) => (linuxMode & KIND_MASK) === linux)?.[0] ?? 0;
  return BITS.reduce(
    (mode, [go, linux]) => (has(linuxMode, linux) ? mode + go : mode),
    kind + (linuxMode & PERMISSIONS),
  );
}

export function isRegular(linuxMode: number): boolean {
  return (linuxMode & KIND_MASK) === REGULAR;
}

export function isDirectory(linuxMode: number): boolean {
  return (linuxMode & KIND_MASK) === 0o040000;
}
