// Makes small base images from what this machine has, for places where no image can be pulled:
//   busybox:latest   Debian's busybox-static with its applets
//   node:24          the Node.js and npm of this machine's packages on a minimal root with busybox
// Each is handed to `docker import`. Usage: node make.mjs [busybox] [node], with DOCKER_HOST set.
import { execFileSync, spawnSync } from "node:child_process";
import {
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

const BUSYBOX = ["/usr/bin/busybox", "/bin/busybox"].find((path) => existsSync(path));
const CA_BUNDLE = "/etc/ssl/certs/ca-certificates.crt";

function sh(command, args, options = {}) {
  const result = spawnSync(command, args, { encoding: "utf8", maxBuffer: 1 << 26, ...options });
  if (result.status !== 0) {
    throw new Error(`${command} ${args.join(" ")} failed: ${result.error?.message ?? result.stderr}`);
  }
  return result.stdout;
}

/** A root with busybox and the files that every program expects. */
function minimalRoot(root) {
  if (!BUSYBOX) throw new Error("busybox is missing; install it with: apt-get install busybox-static");
  for (const dir of [
    "bin",
    "dev",
    "etc",
    "home",
    "proc",
    "root",
    "sys",
    "tmp",
    "usr/bin",
    "usr/sbin",
    "var/log",
  ]) {
    mkdirSync(join(root, dir), { recursive: true });
  }
  chmodSync(root, 0o755);
  chmodSync(join(root, "tmp"), 0o1777);
  chmodSync(join(root, "root"), 0o700);
  copyFileSync(BUSYBOX, join(root, "bin/busybox"));
  chmodSync(join(root, "bin/busybox"), 0o755);
  for (const applet of sh(BUSYBOX, ["--list"]).split("\n").filter(Boolean)) {
    if (applet !== "busybox") symlinkSync("busybox", join(root, "bin", applet));
  }
  writeFileSync(
    join(root, "etc/passwd"),
    "root:x:0:0:root:/root:/bin/sh\nnode:x:1000:1000::/home/node:/bin/sh\nnobody:x:65534:65534:nobody:/home:/bin/false\n",
  );
  writeFileSync(join(root, "etc/group"), "root:x:0:\nnode:x:1000:\nnogroup:x:65534:\n");
  writeFileSync(join(root, "etc/nsswitch.conf"), "hosts: files dns\n");
  symlinkSync("/bin/env", join(root, "usr/bin/env"));
}

/** Copies a program with the shared libraries that it is linked to, at the same paths. */
function copyWithLibraries(root, program, target) {
  mkdirSync(dirname(join(root, target)), { recursive: true });
  copyFileSync(realpathSync(program), join(root, target));
  chmodSync(join(root, target), 0o755);
  for (const line of sh("ldd", [program]).split("\n")) {
    const path = /(?:=> )?(\/\S+) \(0x/.exec(line)?.[1];
    if (!path || existsSync(join(root, path))) continue;
    mkdirSync(dirname(join(root, path)), { recursive: true });
    copyFileSync(realpathSync(path), join(root, path));
  }
}

/** Where the machine's npm lies: its command is a link to `<npm>/bin/npm-cli.js`. */
function npmDirectory() {
  const command = sh("sh", ["-c", "command -v npm"]).trim();
  const candidates = [
    dirname(dirname(realpathSync(command))),
    "/usr/lib/node_modules/npm",
    "/usr/share/nodejs/npm",
  ];
  const found = candidates.find((dir) => existsSync(join(dir, "bin", "npm-cli.js")));
  return found ?? fail("cannot find where npm is installed");
}

function nodeRoot(root) {
  minimalRoot(root);
  const require = createRequire(import.meta.url);
  const arch = process.arch === "arm64" ? "arm64" : "x64";
  let node = process.execPath;
  try {
    node = join(dirname(require.resolve(`node-linux-${arch}/package.json`)), "bin/node");
  } catch {
    // Not in a clone of Gantry: the Node.js that runs this script will do.
  }
  copyWithLibraries(root, node, "usr/local/bin/node");
  cpSync(npmDirectory(), join(root, "usr/local/lib/node_modules/npm"), {
    recursive: true,
    dereference: true,
  });
  for (const name of ["npm", "npx"])
    symlinkSync(`../lib/node_modules/npm/bin/${name}-cli.js`, join(root, "usr/local/bin", name));
  mkdirSync(join(root, "home/node"), { recursive: true });
  execFileSync("chown", ["1000:1000", join(root, "home/node")]);
  // The machine's certificates, so that what it trusts is trusted in the image as well.
  if (existsSync(CA_BUNDLE)) {
    mkdirSync(join(root, "etc/ssl/certs"), { recursive: true });
    copyFileSync(realpathSync(CA_BUNDLE), join(root, CA_BUNDLE));
  }
}

const IMAGES = {
  busybox: {
    reference: "busybox:latest",
    fill: minimalRoot,
    changes: ['CMD ["sh"]', "ENV PATH=/bin:/usr/bin:/sbin:/usr/sbin"],
  },
  node: {
    reference: "node:24",
    fill: nodeRoot,
    changes: [
      'CMD ["node"]',
      "ENV PATH=/usr/local/bin:/bin:/usr/bin:/sbin:/usr/sbin",
      `ENV NODE_EXTRA_CA_CERTS=${CA_BUNDLE}`,
      `ENV SSL_CERT_FILE=${CA_BUNDLE}`,
    ],
  },
};

/** Builds the named images and imports them by the docker client that is on the PATH. */
export function makeBaseImages(names, env = process.env) {
  for (const name of names) {
    const { reference, fill, changes } = IMAGES[name] ?? fail(`there is no base image ${name}`);
    const root = mkdtempSync(join(tmpdir(), "gantry-base-"));
    try {
      fill(root);
      const archive = join(root, "..", `${name}-${process.pid}.tar`);
      sh("tar", ["--numeric-owner", "-C", root, "-cf", archive, "."]);
      const flags = changes.flatMap((change) => ["--change", change]);
      sh("docker", ["import", ...flags, archive, reference], { env });
      rmSync(archive);
    } finally {
      rmSync(root, { recursive: true, force: true });
    }
  }
}

function fail(message) {
  throw new Error(message);
}

if (process.argv[1] && realpathSync(process.argv[1]) === realpathSync(new URL(import.meta.url).pathname)) {
  const names = process.argv.slice(2);
  makeBaseImages(names.length > 0 ? names : Object.keys(IMAGES));
  process.stdout.write(`made ${(names.length > 0 ? names : Object.keys(IMAGES)).join(", ")}\n`);
}
