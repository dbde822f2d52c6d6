import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync } from "node:fs";
import { join } from "node:path";

/** Reads a Dockerfile and runs its steps without Docker: each stage in an empty folder that stands for its root file system. */

export interface Step {
  readonly instruction: string;
  /** What follows the instruction, on one line. */
  readonly rest: string;
}

export interface Stage {
  readonly base: string;
  readonly name: string | null;
  readonly steps: readonly Step[];
}

/** The stages in order. Comments are dropped, continued lines joined, `ARG`s before the first `FROM` filled in. */
export function readDockerfile(text: string): readonly Stage[] {
  const steps = text
    .replace(/\\\n/g, " ")
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "" && !line.startsWith("#"))
    .map((line) => ({ instruction: line.split(/\s/, 1)[0] ?? "", rest: line.replace(/^\S+\s*/, "") }));
  const firstFrom = steps.findIndex((step) => step.instruction === "FROM");
  const variables = new Map(
    steps.slice(0, firstFrom).map(({ rest }) => [rest.split("=", 1)[0] ?? "", rest.replace(/^[^=]*=/, "")] as const),
  );
  return stagesOf(steps.slice(firstFrom), variables);
}

function stagesOf(steps: readonly Step[], variables: ReadonlyMap<string, string>): readonly Stage[] {
  const starts = steps.flatMap((step, index) => (step.instruction === "FROM" ? [index] : []));
  return starts.map((start, n) => {
    const [image = "", , name = null] = (steps[start]?.rest ?? "").split(/\s+/);
    const base = image.replace(/\$\{(\w+)\}/g, (_, variable: string) => variables.get(variable) ?? "");
    return { base, name, steps: steps.slice(start + 1, starts[n + 1]) };
  });
}

/** What the last stage has become: its root folder, and what its instructions say of the process. */
export interface Image {
  readonly root: string;
  readonly workdir: string;
  readonly env: Readonly<Record<string, string>>;
  readonly command: readonly string[];
  readonly healthcheck: readonly string[];
}

/**
 * Runs all stages, each in a folder of its own within `work`; `context` is the folder that `COPY` copies from. Throws with the
 * output of the step that failed.
 */
export function build(stages: readonly Stage[], context: string, work: string): Image {
  const roots = new Map<string, string>();
  let image: Image | undefined;
  for (const stage of stages) {
    image = buildStage(stage, context, roots, mkdtempSync(join(work, "stage-")));
    if (stage.name !== null) roots.set(stage.name, image.root);
  }
  if (!image) throw new Error("the Dockerfile has no stage");
  return image;
}

function buildStage({ steps }: Stage, context: string, stages: ReadonlyMap<string, string>, root: string): Image {
  let image: Image = { root, workdir: "/", env: {}, command: [], healthcheck: [] };
  for (const { instruction, rest } of steps) {
    switch (instruction) {
      case "WORKDIR":
        image = { ...image, workdir: rest };
        mkdirSync(join(root, rest), { recursive: true });
        break;
      case "COPY":
        copy(image, rest, context, stages);
        break;
      case "RUN":
        run(image, rest);
        break;
      case "ENV":
        image = { ...image, env: { ...image.env, ...readPairs(rest) } };
        break;
      case "CMD":
        image = { ...image, command: JSON.parse(rest) };
        break;
      case "HEALTHCHECK":
        image = { ...image, healthcheck: JSON.parse(rest.replace(/^.*?CMD\s*/, "")) };
        break;
      case "USER":
      case "VOLUME":
      case "EXPOSE":
        break;
      default:
        throw new Error(`this test does not know the instruction ${instruction}`);
    }
  }
  return image;
}

function copy(image: Image, rest: string, context: string, stages: ReadonlyMap<string, string>): void {
  const words = rest.split(/\s+/);
  const stage = words.find((word) => word.startsWith("--from="))?.slice("--from=".length);
  const from = stage === undefined ? context : stages.get(stage);
  if (from === undefined) throw new Error(`COPY --from=${stage}: no such stage`);
  const paths = words.filter((word) => !word.startsWith("--"));
  const target = paths.at(-1) ?? "";
  for (const source of paths.slice(0, -1)) {
    const into = inside(image, target.endsWith("/") ? target + source : target);
    cpSync(join(from, source), into, { recursive: true, verbatimSymlinks: true });
  }
}

function run(image: Image, command: string): void {
  // The folder is not the root, and who runs the tests may not give files away.
  const script = `chown() { :; }; ${command.replaceAll(/(?<=\s)\/(?=\w)/g, `${image.root}/`)}`;
  const { status, stdout, stderr } = spawnSync("sh", ["-ec", script], {
    cwd: join(image.root, image.workdir),
    encoding: "utf8",
    env: { PATH: process.env.PATH, HOME: process.env.HOME, npm_config_prefer_offline: "true", ...image.env },
  });
  if (status !== 0) throw new Error(`RUN ${command}\n${stdout}\n${stderr}`);
}

/** An absolute or relative path of the image, as a path of this machine. */
export function inside(image: Image, path: string): string {
  return path.startsWith("/") ? join(image.root, path) : join(image.root, image.workdir, path);
}

function readPairs(rest: string): Readonly<Record<string, string>> {
  return Object.fromEntries(
    rest.split(/\s+/).map((pair) => [pair.split("=", 1)[0] ?? "", pair.replace(/^[^=]*=/, "")]),
  );
}
