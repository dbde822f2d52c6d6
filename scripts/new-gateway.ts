/**
 * `npm run new:gateway -- <id>`: a working gateway from templates/gateways/template-gateway and its line in the registry. The conformance suite
 * covers it from then on.
 */

import { spawnSync } from "node:child_process";
import { cpSync, existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const [id = ""] = process.argv.slice(2);
const folder = join("src/gateways", id);
const registry = "src/gateways/registry.ts";

process.exitCode = createGateway();

function createGateway(): number {
  const refusal = refuse();
  if (refusal !== null) {
    console.error(`${refusal}\nUsage: npm run new:gateway -- <id>, for example: npm run new:gateway -- acme-pay`);
    return 1;
  }
  cpSync("templates/gateways/template-gateway", folder, { recursive: true });
  for (const file of filesUnder(folder)) writeFileSync(file, renamed(readFileSync(file, "utf8")));
  writeFileSync(registry, registered(readFileSync(registry, "utf8")));
  format(folder, registry);
  console.log(`${folder} is there and registered. Next:
  1. Read ${folder}/NOTES.md and replace each line by what the vendor's documentation says.
  2. Change payload.ts and index.ts until they agree with it.
  3. Put a notification that the vendor signed into ${folder}/vectors/.
  4. npx vitest run test/conformance`);
  return 0;
}

function refuse(): string | null {
  if (!/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(id) || id.length > 40) {
    return `"${id}" is no gateway id: up to 40 lower-case letters and digits, words joined by hyphens. It becomes the URL and never changes.`;
  }
  if (id === "signing" || existsSync(folder)) return `${folder} exists already.`;
  return null;
}

function filesUnder(path: string): readonly string[] {
  return statSync(path).isFile() ? [path] : readdirSync(path).flatMap((name) => filesUnder(join(path, name)));
}

/** The template is called `template-gateway` in every spelling that occurs: id, variable, title. */
function renamed(text: string): string {
  const title = words().map(capitalized).join(" ");
  return text
    .replaceAll("template-gateway", id)
    .replaceAll("templateGateway", variable())
    .replaceAll("Template Gateway", title);
}

function registered(text: string): string {
  const list = /(export const GATEWAYS[^=]*= \[)([^\]]*?),?\s*\]/;
  if (!list.test(text))
    throw new Error(`${registry} has no list GATEWAYS any more: teach scripts/new-gateway.ts its new shape.`);
  const added = text.replace(list, (_, start: string, lines: string) => {
    const others = lines.trim() === "" ? "" : `${lines.trimEnd()},`;
    return `${start}${others}\n  register(${variable()}),\n]`;
  });
  return `import { ${variable()} } from "./${id}/index.ts";\n${added}`;
}

function format(...paths: readonly string[]): void {
  const biome = "node_modules/@biomejs/biome/bin/biome";
  const { status, stderr } = spawnSync(process.execPath, [biome, "check", "--write", ...paths], { encoding: "utf8" });
  if (status !== 0) throw new Error(`Biome is not content with the new files:\n${stderr}`);
}

function words(): readonly string[] {
  return id.split("-");
}

function capitalized(word: string): string {
  return word.slice(0, 1).toUpperCase() + word.slice(1);
}

/** `acme-pay` → `acmePay`. */
function variable(): string {
  const [first = "", ...others] = words();
  return first + others.map(capitalized).join("");
}
