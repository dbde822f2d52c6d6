import type { Config } from "../config/config.ts";
import type { AnyGateway } from "../gateways/gateway.ts";
import type { ApiToken } from "./first-run.ts";

/** What a person reads at start. Pure: the text for what is known. Says where secrets are, and shows only a token just made. */

export interface BannerParts {
  readonly version: string;
  readonly config: Pick<Config, "publicUrl" | "admin" | "databaseUrl" | "notices" | "port" | "dataDir">;
  readonly gateways: readonly AnyGateway[];
  /** `stripe` or `stripe/eu` → where it should post. */
  readonly urls: Readonly<Record<string, string>>;
  /** Null while the database is not there yet. */
  readonly token: ApiToken | null;
  /** The file of the test accounts; null where real ones are configured. */
  readonly testAccounts: string | null;
}

export function banner(parts: BannerParts): string {
  const sections = [
    heading(parts),
    gatewaysSection(parts),
    apiSection(parts),
    noticesSection(parts),
    nextSection(parts),
  ];
  return `\n${sections.filter((section) => section !== "").join("\n\n")}\n`;
}

function heading({ version, config }: BannerParts): string {
  const place = config.databaseUrl.startsWith("file:") ? config.databaseUrl.slice(5) : "PostgreSQL";
  return `Paybell ${version} is listening on port ${config.port}. Database: ${place}`;
}

function gatewaysSection({ gateways, urls }: BannerParts): string {
  const sections = gateways.flatMap(({ id, title, subscribe }) => {
    const own = Object.entries(urls).filter(([path]) => path === id || path.startsWith(`${id}/`));
    if (own.length === 0) return [];
    const events = subscribe.length > 0 ? [wrapped(`subscribe to ${subscribe.join(", ")}`)] : [];
    return [`  ${title}`, ...own.map(([, url]) => `    ${url}`), ...events];
  });
  return sections.length === 0 ? "" : ["Give these addresses to the gateways:", ...sections].join("\n");
}

/** What is told when the database came later than the banner: only now is there a token to tell of. */
export function lateBanner(token: ApiToken): string {
  return `\nThe database is open now.\n${tokenLines(token).join("\n")}\n`;
}

function apiSection({ token, config }: BannerParts): string {
  const base = apiBase(config);
  const missing = "The database can't be reached yet: until it can, gateways are asked to come again.";
  const lines = [`API: ${base}/v1   health: ${base}/health   metrics: ${base}/metrics`];
  return [...lines, ...(token === null ? [missing] : tokenLines(token))].join("\n");
}

function tokenLines(token: ApiToken): readonly string[] {
  const place = token.path ?? "the data folder";
  if (token.made !== null) return [`API token, shown this once: ${token.made}`, `It is kept in ${place}`];
  return token.path === null ? [] : [`The API token is in ${token.path}`];
}

function noticesSection({ config, testAccounts }: BannerParts): string {
  const lines = config.notices.map(({ account, gateway, message }) => {
    const about = gateway === null ? "" : account === "default" ? `${gateway}: ` : `${gateway}/${account}: `;
    return `  ${about}${message}`;
  });
  if (testAccounts !== null)
    lines.unshift(`  Nothing is configured, so these are test accounts. Their secrets are in ${testAccounts}`);
  return lines.length === 0 ? "" : `Please note:\n${lines.join("\n")}`;
}

function nextSection({ config, token, testAccounts }: BannerParts): string {
  const base = apiBase(config);
  const header = `-H "Authorization: Bearer ${token?.path ? `$(cat ${token.path})` : "$API_TOKEN"}"`;
  const lines = [
    ...(testAccounts === null
      ? []
      : [`  ${demoCommand(config)}        a story told by all three gateways, in another terminal`]),
    `  curl ${header} ${base}/v1/orders`,
    `  curl ${header} -H "Content-Type: application/json" \\\n       -d '{"reference":"1001","currency":"USD","total":1999}' ${base}/v1/orders`,
    `  curl ${header} ${base}/v1/orders/1001`,
    `  curl -N ${header} "${base}/v1/events/stream?after=beginning"        everything that happens, as it happens`,
  ];
  return `What to try next:\n${lines.join("\n")}`;
}

/** The demo asks this machine's port 8080 and reads ./data, unless it is told otherwise. */
function demoCommand({ port, dataDir }: BannerParts["config"]): string {
  if (dataDir !== "./data") return `npm run demo -- http://127.0.0.1:${port} ${dataDir}`;
  return port === 8080 ? "npm run demo" : `npm run demo -- http://127.0.0.1:${port}`;
}

function apiBase({ admin, publicUrl }: BannerParts["config"]): string {
  return admin ? `http://${admin.host}:${admin.port}` : publicUrl;
}

function wrapped(text: string): string {
  const lines: string[] = [];
  let line = "   ";
  for (const word of text.split(" ")) {
    if (line.length + word.length > 110) {
      lines.push(line);
      line = "     ";
    }
    line += ` ${word}`;
  }
  return [...lines, line].join("\n");
}
