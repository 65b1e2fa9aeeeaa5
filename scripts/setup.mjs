// Installs what is missing: the npm packages of this clone and, as root on a Debian, the system packages.
// Runs on any Node.js from 18 on, before anything else is there.
import { spawnSync } from "node:child_process";
import {
  accessSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));

/** Debian package -> a file whose presence shows that it is installed. */
const RUN_PACKAGES = {
  crun: ["/usr/bin/crun", "/usr/local/bin/crun"],
  conmon: ["/usr/bin/conmon", "/usr/local/bin/conmon"],
  tini: ["/usr/bin/tini-static"],
  libnftables1: ["/usr/lib/x86_64-linux-gnu/libnftables.so.1", "/usr/lib/aarch64-linux-gnu/libnftables.so.1"],
};
const TEST_PACKAGES = {
  "busybox-static": ["/usr/bin/busybox", "/bin/busybox"],
  skopeo: ["/usr/bin/skopeo"],
  strace: ["/usr/bin/strace"],
  "etcd-server": ["/usr/bin/etcd", "/usr/local/bin/etcd"],
  e2fsprogs: ["/sbin/mkfs.ext4", "/usr/sbin/mkfs.ext4"],
  nftables: ["/usr/sbin/nft"],
  iproute2: ["/usr/bin/ip", "/usr/sbin/ip", "/sbin/ip"],
  procps: ["/usr/bin/ps"],
  // Of dockerd, which is unpacked only.
  "libdevmapper1.02.1": ["x86_64", "aarch64"].flatMap((machine) =>
    ["/lib", "/usr/lib"].map((lib) => `${lib}/${machine}-linux-gnu/libdevmapper.so.1.02.1`),
  ),
  curl: ["/usr/bin/curl"],
  openssl: ["/usr/bin/openssl"],
  "ca-certificates": ["/etc/ssl/certs/ca-certificates.crt"],
};

function fail(message) {
  process.stderr.write(`${message}\n`);
  process.exit(1);
}

function run(command, args, options = {}) {
  const result = spawnSync(command, args, { cwd: root, stdio: ["ignore", "inherit", "inherit"], ...options });
  if (result.error) fail(`cannot run ${command}: ${result.error.message}`);
  return result.status ?? 1;
}

/** npm packages, exactly those of the lock file: installed when it is another than at the last install. */
export function installNpmPackages() {
  // A link leads to packages that others use too; who has made it keeps them.
  if (lstatSync(join(root, "node_modules"), { throwIfNoEntry: false })?.isSymbolicLink()) return;
  const stamp = join(root, "node_modules", ".gantry-installed");
  const lock = join(root, "package-lock.json");
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === readFileSync(lock, "utf8")) return;
  process.stdout.write("Installing npm packages…\n");
  const npm = process.env.npm_execpath ? [process.execPath, process.env.npm_execpath] : ["npm"];
  const install = ["ci", "--no-audit", "--no-fund", "--loglevel=error"];
  const status = run(npm[0], [...npm.slice(1), ...install]);
  if (status !== 0) fail("npm ci failed: see its output above; the npm registry must be reachable");
  writeFileSync(stamp, readFileSync(lock));
}

/** Debian packages of which no file is found; installs them where that is possible, else says how. */
export function installSystemPackages({ forTests = false, required = true } = {}) {
  const wanted = { ...RUN_PACKAGES, ...(forTests ? TEST_PACKAGES : {}) };
  const missing = Object.keys(wanted).filter((name) => !wanted[name].some((file) => existsSync(file)));
  if (missing.length === 0) return;
  const command = `apt-get install -y --no-install-recommends ${missing.join(" ")}`;
  if (process.getuid?.() !== 0 || !existsSync("/usr/bin/apt-get")) {
    const message = `missing system packages: ${missing.join(", ")}; install them as root: ${command}`;
    if (required) fail(message);
    process.stderr.write(`${message}\n`);
    return;
  }
  process.stdout.write(`Installing Debian packages: ${missing.join(" ")}\n`);
  const status = withoutStartingServices(() => aptInstall(missing));
  if (status !== 0) fail(`could not install ${missing.join(", ")}; try: ${command}`);
}

/**
 * Debian's dockerd, which the differential suite asks the same as Gantry, and what it runs. Unpacked beside the npm packages, not
 * installed: no service, no client that shadows another, no program on the path. Without it the suite is skipped.
 */
export function unpackDockerd() {
  const target = join(root, "node_modules", ".gantry-dockerd");
  if (existsSync(target) || process.getuid?.() !== 0 || !existsSync("/usr/bin/apt-get")) return;
  if (lstatSync(join(root, "node_modules")).isSymbolicLink()) return;
  const dir = mkdtempSync(join(tmpdir(), "gantry-dockerd-"));
  const quiet = { cwd: dir, stdio: "ignore" };
  const download = () => run("apt-get", ["download", "-qq", "docker.io", "containerd", "runc"], quiet);
  try {
    if (download() !== 0 && (run("apt-get", ["update", "-qq"], quiet) !== 0 || download() !== 0)) return;
    const unpacked = join(dir, "unpacked");
    for (const file of readdirSync(dir)) {
      if (file.endsWith(".deb") && run("dpkg-deb", ["-x", file, unpacked], quiet) !== 0) return;
    }
    // Documents, and a client that nobody shall take for the machine's.
    for (const path of ["usr/share", "usr/bin/docker"]) rmSync(join(unpacked, path), { recursive: true });
    cpSync(unpacked, target, { recursive: true, verbatimSymlinks: true });
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

/**
 * The plugins `docker compose` and `docker buildx` of a newer Debian than the machine's may be, for tests of both against Gantry.
 * Their lists and packages are read aside: the machine's own apt hears nothing of another suite. Unpacked only, into
 * `node_modules/.gantry-plugins/cli-plugins`, which is what a `DOCKER_CONFIG` holds. Without them their tests are skipped.
 */
export function unpackPlugins() {
  const target = join(root, "node_modules", ".gantry-plugins");
  const source = debianSource();
  if (existsSync(target) || source === undefined || !existsSync("/usr/bin/apt-get")) return;
  if (lstatSync(join(root, "node_modules")).isSymbolicLink()) return;
  const dir = mkdtempSync(join(tmpdir(), "gantry-plugins-"));
  try {
    // Debian's unstable suite has those of this year; should they not run here, the stable suite's do.
    const found = ["sid", "trixie"]
      .map((suite) => downloadPlugins(join(dir, suite), suite, source))
      .find(Boolean);
    if (found !== undefined) cpSync(found, join(target, "cli-plugins"), { recursive: true });
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

/** The mirror that this machine's apt reads Debian from, as `{ uri, signedBy }`. */
function debianSource() {
  const places = ["/etc/apt/sources.list.d/debian.sources", "/etc/apt/sources.list"];
  for (const place of places.filter((path) => existsSync(path))) {
    const text = readFileSync(place, "utf8");
    const uri = /^(?:URIs:|deb(?: \[[^\]]*\])?)\s+(\S+\/debian)\/?(?=\s|$)/m.exec(text)?.[1];
    const signedBy =
      /^Signed-By:\s+(\S+)/m.exec(text)?.[1] ?? "/usr/share/keyrings/debian-archive-keyring.gpg";
    if (uri !== undefined) return { uri, signedBy };
  }
  return undefined;
}

/** Directory with both plugins of a suite, undefined where they cannot be had or do not run. */
function downloadPlugins(dir, suite, { uri, signedBy }) {
  for (const path of ["parts", "lists/partial", "cache/archives/partial", "packages"])
    mkdirSync(join(dir, path), { recursive: true });
  writeFileSync(
    join(dir, "parts", "suite.sources"),
    `Types: deb\nURIs: ${uri}\nSuites: ${suite}\nComponents: main\nSigned-By: ${signedBy}\n`,
  );
  const aside = {
    "Dir::Etc::SourceList": "/dev/null",
    "Dir::Etc::SourceParts": join(dir, "parts"),
    "Dir::State::Lists": join(dir, "lists"),
    "Dir::Cache": join(dir, "cache"),
    "APT::Sandbox::User": "root",
    "Acquire::IndexTargets::deb::DEP-11::DefaultEnabled": "false",
  };
  const options = ["-qq", ...Object.entries(aside).flatMap(([name, value]) => ["-o", `${name}=${value}`])];
  const quiet = { cwd: join(dir, "packages"), stdio: "ignore" };
  if (run("apt-get", [...options, "update"], quiet) !== 0) return undefined;
  if (run("apt-get", [...options, "download", "docker-compose", "docker-buildx"], quiet) !== 0)
    return undefined;
  for (const file of readdirSync(quiet.cwd)) {
    if (run("dpkg-deb", ["-x", file, join(dir, "unpacked")], quiet) !== 0) return undefined;
  }
  const plugins = join(dir, "unpacked", "usr", "libexec", "docker", "cli-plugins");
  const runs = (name) =>
    spawnSync(join(plugins, name), ["docker-cli-plugin-metadata"], { stdio: "ignore" }).status === 0;
  return runs("docker-compose") && runs("docker-buildx") ? plugins : undefined;
}

function aptInstall(packages) {
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  const quiet = { env, stdio: ["ignore", "ignore", "inherit"] };
  const args = ["install", "-y", "-qq", "--no-install-recommends", ...packages];
  if (run("apt-get", args, { env, stdio: ["ignore", "ignore", "ignore"] }) === 0) return 0;
  run("apt-get", ["update", "-qq"], quiet);
  return run("apt-get", args, quiet);
}

/** Debian starts the services of what it installs (etcd's, say) unless this file forbids it (invoke-rc.d(8)). */
function withoutStartingServices(install) {
  const policy = "/usr/sbin/policy-rc.d";
  if (existsSync(policy)) return install();
  writeFileSync(policy, "#!/bin/sh\nexit 101\n", { mode: 0o755 });
  try {
    return install();
  } finally {
    rmSync(policy, { force: true });
  }
}

function newest(paths) {
  return Math.max(...paths.map((path) => statSync(path).mtimeMs));
}

/** Builds dist/ when a source is newer than it. Needs the npm packages. */
export async function buildIfStale() {
  const { buildAll, sourceFiles } = await import("./build.mjs");
  const bundle = join(root, "dist", "gantry.mjs");
  if (existsSync(bundle) && statSync(bundle).mtimeMs > newest(sourceFiles())) return;
  await buildAll();
}

/** Path of the Node.js that the packages bring. */
export function bundledNode() {
  const arch = process.arch === "arm64" ? "arm64" : "x64";
  const path = join(root, "node_modules", `node-linux-${arch}`, "bin", "node");
  try {
    accessSync(path);
  } catch {
    fail(`the package node-linux-${arch} is not installed; run: npm ci`);
  }
  return path;
}

export { root, run };
