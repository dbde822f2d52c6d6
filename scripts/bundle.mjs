// @ts-check
/**
 * `node scripts/bundle.mjs`: makes dist/ of src/ and of the packages it uses: a few files instead of 1,400, which a start would
 * look for and read one by one. Types are not looked at here; `npm run check` does.
 */
import { rmSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const root = fileURLToPath(new URL("..", import.meta.url));

/** The processes, and the files that they start as threads: all beside each other, so that `./apply-thread` is found from each. */
export const ENTRIES = [
  "src/main.ts",
  "src/applying/apply-thread.ts",
  "src/store/sqlite/writer-thread.ts",
  "src/cli/paybell.ts",
  "src/cli/healthcheck.ts",
];

/** Native code, and what reads files of its own package: it stays in node_modules. */
const STAYS = ["libsql", "pg-native", "pdfkit", "fontkit", "@prisma/schema-engine-wasm"];

/** CommonJS within asks for Node's modules by `require`, which a module has not. */
const REQUIRE = 'import { createRequire as requireOf } from "node:module"; const require = requireOf(import.meta.url);';

/**
 * @typedef {(file: string, text: string) => string} EditSource Given a file's path within src and its text; returns what is built.
 * @param {{ readonly entries: readonly string[], readonly into: string, readonly edit?: EditSource }} wanted
 */
export async function bundle({ entries, into, edit }) {
  // Chunks are named by what is in them: those of another build would stay.
  rmSync(into, { recursive: true, force: true });
  await build({
    absWorkingDir: root,
    entryPoints: [...entries],
    outdir: into,
    entryNames: "[name]",
    chunkNames: "[name]-[hash]",
    bundle: true,
    splitting: true,
    platform: "node",
    format: "esm",
    target: "node20.19",
    external: STAYS,
    banner: { js: REQUIRE },
    // A start compiles all of it; who reads a stack trace has the maps.
    minifyWhitespace: true,
    sourcemap: true,
    sourcesContent: false,
    plugins: edit ? [packagesByName, editing(edit)] : [packagesByName],
    logLevel: "warning",
  });
}

/**
 * Of a package's file our maps say its name alone: with each of its tokens they would be five times as large, and they are read
 * at start. By a map of one place, of its own: https://github.com/evanw/esbuild/issues/1685.
 * @type {import("esbuild").Plugin}
 */
const packagesByName = {
  name: "packages by name",
  setup({ onLoad }) {
    const map = Buffer.from('{"version":3,"sources":[""],"mappings":"AAAA"}').toString("base64");
    onLoad({ filter: /node_modules.*\.[cm]?js$/ }, async ({ path }) => ({
      contents: `${await readFile(path, "utf8")}\n//# sourceMappingURL=data:application/json;base64,${map}`,
      loader: "default",
    }));
  },
};

/** @param {EditSource} edit @returns {import("esbuild").Plugin} */
function editing(edit) {
  const sources = join(root, "src");
  return {
    name: "editing",
    setup({ onLoad }) {
      onLoad({ filter: /\.ts$/ }, async ({ path }) => ({
        contents: edit(relative(sources, path), await readFile(path, "utf8")),
        loader: "ts",
      }));
    },
  };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await bundle({ entries: ENTRIES, into: join(root, "dist") });
