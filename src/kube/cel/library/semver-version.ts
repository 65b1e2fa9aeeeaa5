import { compareUtf8 } from "../../../formats/index.ts";

/** A semantic version; numbers of a pre-release are bigints. */
export interface SemverVersion {
  major: bigint;
  minor: bigint;
  patch: bigint;
  prerelease: (bigint | string)[];
}

/** What is wrong with a version, in the words of the library that the API server uses (blang/semver). */
export class SemverProblem extends Error {}

const UINT64_MAX = 2n ** 64n - 1n;

/** Parses a version. Throws SemverProblem. */
export function parseSemver(text: string): SemverVersion {
  if (text === "") throw new SemverProblem("Version string empty");
  const [majorText, minorText, rest] = splitThree(text);
  if (minorText === undefined || rest === undefined)
    throw new SemverProblem("No Major.Minor.Patch elements found");
  const major = number("major", majorText);
  const minor = number("minor", minorText);
  const [version, build] = cut(rest, "+");
  const [patchText, prerelease] = cut(version, "-");
  const patch = number("patch", patchText);
  const parts = prerelease === undefined ? [] : prerelease.split(".").map(prereleasePart);
  if (build !== undefined) for (const part of build.split(".")) checkBuild(part);
  return { major, minor, patch, prerelease: parts };
}

function splitThree(text: string): [string, string?, string?] {
  const [first, second, ...rest] = text.split(".");
  return [first!, second, rest.length === 0 ? undefined : rest.join(".")];
}

function cut(text: string, sign: string): [string, string | undefined] {
  const at = text.indexOf(sign);
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)];
}

function number(part: "major" | "minor" | "patch", text: string): bigint {
  if (/[^0-9]/.test(text))
    throw new SemverProblem(`Invalid character(s) found in ${part} number ${JSON.stringify(text)}`);
  if (/^0\d/.test(text)) {
    const name = part[0]!.toUpperCase() + part.slice(1);
    throw new SemverProblem(`${name} number must not contain leading zeroes ${JSON.stringify(text)}`);
  }
  return parseUint(text);
}

function parseUint(text: string): bigint {
  const problem =
    text === "" ? "invalid syntax" : BigInt(text) > UINT64_MAX ? "value out of range" : undefined;
  if (problem !== undefined)
    throw new SemverProblem(`strconv.ParseUint: parsing ${JSON.stringify(text)}: ${problem}`);
  return BigInt(text);
}

function prereleasePart(text: string): bigint | string {
  if (text === "") throw new SemverProblem("Prerelease is empty");
  if (/^\d+$/.test(text)) {
    if (/^0\d/.test(text))
      throw new SemverProblem(
        `Numeric PreRelease version must not contain leading zeroes ${JSON.stringify(text)}`,
      );
    return parseUint(text);
  }
  if (/[^0-9A-Za-z-]/.test(text))
    throw new SemverProblem(`Invalid character(s) found in prerelease ${JSON.stringify(text)}`);
  return text;
}

function checkBuild(text: string): void {
  if (text === "") throw new SemverProblem("Build meta data is empty");
  if (/[^0-9A-Za-z-]/.test(text))
    throw new SemverProblem(`Invalid character(s) found in build meta data ${JSON.stringify(text)}`);
}

/** Takes a `v` in front, zeros in front of numbers, and versions of fewer than three numbers too. Throws SemverProblem. */
export function parseLooseSemver(text: string): SemverVersion {
  const parts = splitThree(text.replace(/^v/, "")).filter((part) => part !== undefined);
  const plain = parts.map(withoutLeadingZeros);
  if (plain.length < 3 && /[+-]/.test(plain.at(-1)!))
    throw new SemverProblem("short version cannot contain PreRelease/Build meta data");
  return parseSemver([...plain, "0", "0"].slice(0, 3).join("."));
}

function withoutLeadingZeros(part: string): string {
  if (part.length <= 1) return part;
  const rest = part.replace(/^0+/, "");
  return /^\d/.test(rest) ? rest : `0${rest}`;
}

/** Negative, 0 or positive; build meta data says nothing. */
export function compareSemver(left: SemverVersion, right: SemverVersion): number {
  for (const part of ["major", "minor", "patch"] as const)
    if (left[part] !== right[part]) return left[part] > right[part] ? 1 : -1;
  const [mine, theirs] = [left.prerelease, right.prerelease];
  // A version is newer than all of its pre-releases.
  if (mine.length === 0 || theirs.length === 0) return Math.sign(theirs.length - mine.length);
  for (let at = 0; at < Math.min(mine.length, theirs.length); at++) {
    const order = comparePrereleases(mine[at]!, theirs[at]!);
    if (order !== 0) return order;
  }
  return Math.sign(mine.length - theirs.length);
}

function comparePrereleases(left: bigint | string, right: bigint | string): number {
  if (typeof left === "bigint") {
    if (typeof right !== "bigint") return -1;
    return left === right ? 0 : left > right ? 1 : -1;
  }
  return typeof right === "bigint" ? 1 : compareUtf8(left, right);
}
