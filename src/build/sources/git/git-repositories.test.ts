import { execFileSync, spawn } from "node:child_process";
import * as fs from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { systemClock } from "../../../base/index.ts";
import { readGitIdentifier } from "./git-identifier.ts";
import { type GitAccess, GitRepositories } from "./git-repositories.ts";

let base: string;
let address: string;
let stopServer: () => void;

function git(cwd: string, ...args: string[]): string {
  return execFileSync("git", args, {
    cwd,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
    env: {
      PATH: process.env.PATH,
      HOME: "/dev/null",
      GIT_CONFIG_GLOBAL: "/dev/null",
      GIT_AUTHOR_DATE: "2024-01-02T03:04:05Z",
      GIT_COMMITTER_DATE: "2024-01-02T03:04:05Z",
    },
  }).trim();
}

function commit(repository: string, files: Record<string, string>, message: string): string {
  for (const [path, text] of Object.entries(files)) {
    fs.mkdirSync(join(repository, path, ".."), { recursive: true });
    fs.writeFileSync(join(repository, path), text);
  }
  git(repository, "add", "--all");
  git(repository, "-c", "user.name=a", "-c", "user.email=a@b", "commit", "--quiet", "-m", message);
  return git(repository, "rev-parse", "HEAD");
}

function newRepository(name: string): string {
  const path = join(base, name);
  fs.mkdirSync(path);
  git(path, "-c", "init.defaultBranch=main", "init", "--quiet");
  git(path, "config", "uploadpack.allowAnySHA1InWant", "true");
  return path;
}

async function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}

const commits = { first: "", second: "", tagged: "", library: "" };

beforeAll(async () => {
  base = fs.mkdtempSync(join(tmpdir(), "gantry-git-"));
  const library = newRepository("library.git");
  commits.library = commit(library, { "lib.c": "lib" }, "lib");
  const app = newRepository("app.git");
  commits.first = commit(app, { "a.txt": "one", "sub/deep/b.txt": "b" }, "first");
  git(app, "-c", "user.name=a", "-c", "user.email=a@b", "tag", "-a", "-m", "t", "v1");
  commits.tagged = git(app, "rev-parse", "v1");
  commits.second = commit(app, { "a.txt": "two" }, "second");
  fs.symlinkSync("/etc", join(app, "outside"));
  git(app, "checkout", "--quiet", "-b", "linked");
  commit(app, {}, "a link to the outside");
  git(app, "checkout", "--quiet", "main");
  const port = await freePort();
  address = `git://127.0.0.1:${port}`;
  const server = spawn(
    "git",
    ["daemon", "--export-all", `--base-path=${base}`, "--listen=127.0.0.1", `--port=${port}`, "--reuseaddr"],
    { stdio: "ignore", detached: true },
  );
  stopServer = () => process.kill(-server.pid!, "SIGKILL");
  for (let attempt = 0; ; attempt++) {
    try {
      git(base, "ls-remote", `${address}/app.git`);
      break;
    } catch (error) {
      if (attempt > 50) throw error;
      await systemClock.sleep(50);
    }
  }
  const parent = newRepository("parent.git");
  git(parent, "submodule", "add", "--quiet", `${address}/library.git`, "vendor/library");
  commit(parent, { "main.c": "main" }, "with a submodule");
});

afterAll(() => {
  stopServer();
  fs.rmSync(base, { recursive: true, force: true });
});

let dir: string;
let repositories: GitRepositories;
let access: GitAccess;

beforeEach(async () => {
  dir = fs.mkdtempSync(join(tmpdir(), "gantry-git-"));
  repositories = new GitRepositories({ dir: join(dir, "git"), clock: systemClock });
  await repositories.open();
  access = { settings: {}, agentSocket: undefined, signal: new AbortController().signal };
});

afterEach(() => fs.rmSync(dir, { recursive: true, force: true }));

async function checkOut(fragment: string, attrs: Record<string, string> = {}, name = "app.git") {
  const identifier = readGitIdentifier(`git://x/${name}${fragment}`, {
    "git.fullurl": `${address}/${name}`,
    ...attrs,
  });
  const resolved = await repositories.resolve(identifier, access);
  const directory = fs.mkdtempSync(join(dir, "out-"));
  await repositories.checkOut(identifier, resolved, directory, access);
  return { directory, resolved, names: fs.readdirSync(directory).sort() };
}

const read = (directory: string, path: string) => fs.readFileSync(join(directory, path), "utf8");

describe("git repositories", () => {
  it.each([
    ["the default branch", "", () => commits.second, "two"],
    ["a branch", "#main", () => commits.second, "two"],
    ["a whole ref", "#refs/heads/main", () => commits.second, "two"],
    ["an annotated tag", "#v1", () => commits.first, "one"],
  ])("checks out %s", async (_what, fragment, expected, text) => {
    const { directory, resolved, names } = await checkOut(fragment);
    expect(resolved.commit).toBe(expected());
    expect(names).toEqual(["a.txt", "sub"]);
    expect(read(directory, "a.txt")).toBe(text);
  });

  it("checks out a commit that no ref names, and another one from the same copy afterwards", async () => {
    const old = await checkOut(`#${commits.first}`);
    expect(read(old.directory, "a.txt")).toBe("one");
    const young = await checkOut("#main");
    expect(read(young.directory, "a.txt")).toBe("two");
    expect((await repositories.list()).map(({ usageCount, inUse }) => ({ usageCount, inUse }))).toEqual([
      { usageCount: 2, inUse: false },
    ]);
  });

  it("takes a subdirectory only", async () => {
    const { names } = await checkOut("#main:sub/deep");
    expect(names).toEqual(["b.txt"]);
  });

  it.each([
    ["#main:nowhere", /invalid subdir nowhere/],
    ["#main:a.txt", /contains non-directory "a.txt"/],
    ["#linked:outside", /contains non-directory "outside"/],
    ["#missing", /repository does not contain ref missing/],
  ])("says of %s what is wrong", async (fragment, message) => {
    await expect(checkOut(fragment)).rejects.toThrow(message);
    // And works afterwards.
    expect((await checkOut("#main")).names).toEqual(["a.txt", "sub"]);
  });

  it("keeps the repository when asked to", async () => {
    const { directory, names } = await checkOut("#main", { "git.keepgitdir": "true" });
    expect(names).toEqual([".git", "a.txt", "sub"]);
    expect(git(directory, "rev-parse", "HEAD")).toBe(commits.second);
    expect(git(directory, "remote", "get-url", "origin")).toBe(`${address}/app.git`);
    expect(git(directory, "status", "--porcelain")).toBe("");
    expect(fs.readFileSync(join(directory, ".git/config"), "utf8")).not.toContain(dir);
  });

  it("updates submodules, and leaves nothing of their repositories", async () => {
    const { directory } = await checkOut("", {}, "parent.git");
    expect(read(directory, "vendor/library/lib.c")).toBe("lib");
    expect(fs.existsSync(join(directory, ".git"))).toBe(false);
    expect(fs.existsSync(join(directory, "vendor/library/.git"))).toBe(false);
    const without = await checkOut("", { "git.skipsubmodules": "true" }, "parent.git");
    expect(fs.readdirSync(join(without.directory, "vendor/library"))).toEqual([]);
  });

  it("takes no submodule from this machine's files", async () => {
    const hostile = newRepository("hostile.git");
    commit(
      hostile,
      { ".gitmodules": `[submodule "x"]\n\tpath = x\n\turl = ${join(base, "library.git")}\n` },
      "one",
    );
    git(hostile, "update-index", "--add", "--cacheinfo", `160000,${commits.library},x`);
    git(hostile, "-c", "user.name=a", "-c", "user.email=a@b", "commit", "--quiet", "-m", "two");
    await expect(checkOut("", {}, "hostile.git")).rejects.toThrow(/transport 'file' not allowed/);
  });

  it("holds what it got to a checksum", async () => {
    const right = await checkOut("#v1", { "git.checksum": commits.first.slice(0, 12) });
    expect(read(right.directory, "a.txt")).toBe("one");
    await checkOut("#v1", { "git.checksum": commits.tagged });
    await expect(checkOut("#main", { "git.checksum": commits.first })).rejects.toThrow(
      `expected checksum to match ${commits.first}, got ${commits.second}`,
    );
    await expect(checkOut(`#${commits.second}`, { "git.checksum": "abc" })).rejects.toThrow(
      `expected checksum to match abc, got ${commits.second}`,
    );
  });

  it("gives files the commit's time", async () => {
    const { directory } = await checkOut("#main", { "git.mtime": "commit" });
    for (const path of ["", "a.txt", "sub", "sub/deep/b.txt"])
      expect(fs.statSync(join(directory, path)).mtime.toISOString()).toBe("2024-01-02T03:04:05.000Z");
  });

  it("follows a branch that was made anew", async () => {
    const moving = newRepository("moving.git");
    commit(moving, { a: "1" }, "one");
    expect(read((await checkOut("#main", {}, "moving.git")).directory, "a")).toBe("1");
    git(moving, "checkout", "--quiet", "--orphan", "other");
    commit(moving, { a: "2" }, "two");
    git(moving, "branch", "-M", "main");
    expect(read((await checkOut("#main", {}, "moving.git")).directory, "a")).toBe("2");
  });

  it("throws away what a killed program left", async () => {
    await checkOut("#main");
    const [{ id } = { id: "" }] = await repositories.list();
    fs.writeFileSync(join(dir, "git", id, "in-use"), "");
    fs.writeFileSync(join(dir, "git", "known-hosts-x"), "");
    const next = new GitRepositories({ dir: join(dir, "git"), clock: systemClock });
    await next.open();
    expect(fs.readdirSync(join(dir, "git"))).toEqual([]);
  });

  it("ends git when the build is cancelled", async () => {
    const silent = createServer();
    const port = await new Promise<number>((resolve) =>
      silent.listen(0, "127.0.0.1", () => resolve((silent.address() as { port: number }).port)),
    );
    const abort = new AbortController();
    silent.on("connection", () => abort.abort(new Error("cancelled")));
    const identifier = readGitIdentifier(`git://127.0.0.1:${port}/x.git#main`, {
      "git.fullurl": `git://127.0.0.1:${port}/x.git`,
    });
    try {
      await expect(repositories.resolve(identifier, { ...access, signal: abort.signal })).rejects.toThrow(
        "cancelled",
      );
    } finally {
      silent.close();
    }
  });
});
