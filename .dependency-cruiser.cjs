/**
 * The arrows of the layout, as rules. Data flows one way (http → pipeline → store, gateways and pipeline → payments),
 * and whoever imports against the stream is told here which way it goes. Type imports count as well: they are how
 * knowledge leaks first.
 */

/** The ports: what each folder shows to the others. */
const GATEWAY_PORT = "^src/gateways/(gateway|registry|account)\\.ts$";
const STORE_PORT = "^src/store/(store|reading|common|outbox|audit|documents|effect-rows|goods)\\.ts$";
const OUTBOX_PORT = "^src/outbox/(outbox|feed|event-place|order-watch|order-goods|links)\\.ts$";

/** Addresses, how mail goes out, and which messages there are. */
const MAIL_SETTINGS = "^src/outbox/mail/(address|mail-settings|message|messages/index)\\.ts$";

/** What opens things and wires them together. */
const ROOTS = "^src/(main|app)\\.ts$|^src/cli/|^src/applying/apply-thread\\.ts$";

/** An npm package, by name. */
const npm = (...names) => `node_modules/(${names.join("|")})/`;

const rule = (name, comment, from, to) => ({ name, severity: "error", comment, from, to });

module.exports = {
  forbidden: [
    rule("no-cycles", "What imports itself in a circle is one module in disguise.", {}, { circular: true }),
    rule(
      "no-orphans",
      "Nobody imports it and it imports nobody: forgotten.",
      { orphan: true, pathNot: ["^src/main\\.ts$", "^src/cli/", "-thread\\.ts$"] },
      {},
    ),
    rule(
      "no-unresolvable",
      "The import leads nowhere.",
      {},
      { couldNotResolve: true, pathNot: "^src/store/generated/" },
    ),
    rule(
      "only-declared-dependencies",
      "Production code uses what package.json lists under dependencies: not devDependencies, not what others happen to bring.",
      { path: "^src/" },
      { dependencyTypes: ["npm-dev", "npm-no-pkg", "npm-unknown"], dependencyTypesNot: ["type-only"] },
    ),
    rule(
      "no-tests-in-src",
      "src/ never knows of tests, demo, scripts, torture or bench.",
      { path: "^src/" },
      { path: "^(test|demo|scripts|torture|bench)/" },
    ),
    rule(
      "nobody-imports-main",
      "src/main.ts is the process; whoever imports it starts one.",
      {},
      { path: "^src/main\\.ts$" },
    ),
    rule(
      "nobody-imports-the-roots",
      "app.ts and cli/ wire the parts; no part may know the wiring.",
      { path: "^src/", pathNot: ROOTS },
      { path: ROOTS },
    ),
    rule(
      "applying-is-a-thread",
      "A thread of its own, started by the process and by nobody else; it wires gateways, pipeline and store once more.",
      { path: "^src/", pathNot: "^src/(applying/|main\\.ts$)" },
      { path: "^src/applying/" },
    ),
    rule(
      "payments-are-pure",
      "payments/ has no clock, no promise and no import from outside its folder.",
      { path: "^src/payments/" },
      { pathNot: "^src/payments/" },
    ),
    rule(
      "gateways-know-only-payments",
      "An adapter turns bytes into facts; it knows neither pipeline, store nor HTTP.",
      { path: "^src/gateways/" },
      { path: "^src/", pathNot: "^src/(gateways|payments)/" },
    ),
    rule(
      "one-folder-a-gateway",
      "A gateway's folder imports no other gateway's folder; what two share lives in src/gateways or src/gateways/signing.",
      { path: "^src/gateways/([^/]+)/", pathNot: "^src/gateways/signing/" },
      { path: "^src/gateways/[^/]+/", pathNot: "^src/gateways/($1|signing)/" },
    ),
    rule(
      "only-the-registry-knows-gateways",
      "A gateway is one folder and one registry line: nobody else names it.",
      { path: "^src/", pathNot: ["^src/gateways/registry\\.ts$", "^src/gateways/([^/]+)/"] },
      { path: "^src/gateways/[^/]+/", pathNot: "^src/gateways/signing/" },
    ),
    rule(
      "pipeline-knows-ports",
      "The pipeline is the recipe: no SQL, no vendor, no HTTP. It sees the gateways' and the store's ports, and payments.",
      { path: "^src/pipeline/" },
      { path: "^src/", pathNot: ["^src/(pipeline|payments)/", "^src/chance\\.ts$", GATEWAY_PORT, STORE_PORT] },
    ),
    rule(
      "store-knows-only-payments",
      "The store keeps what it is given; it knows the domain's types and nothing else.",
      { path: "^src/store/" },
      { path: "^src/", pathNot: ["^src/(store|payments)/", "^src/project\\.ts$"] },
    ),
    rule(
      "config-knows-only-what-it-fills",
      "The settings become accounts, who sells, and what mail is made of, and nothing else: who reads the environment opens nothing.",
      { path: "^src/config/" },
      {
        path: "^src/",
        pathNot: [
          "^src/config/",
          "^src/gateways/account\\.ts$",
          "^src/documents/documents\\.ts$",
          "^src/payments/(effect-name|stock)\\.ts$",
          MAIL_SETTINGS,
        ],
      },
    ),
    rule(
      "only-the-roots-start",
      "What a first run makes and what is printed at start is the process's own business.",
      { path: "^src/", pathNot: ["^src/start/", ROOTS] },
      { path: "^src/start/" },
    ),
    rule(
      "http-knows-no-implementation",
      "The edge speaks to ports: no store implementation, no vendor, no configuration. What it shares with gateways is how JSON is read.",
      { path: "^src/http/" },
      {
        path: "^src/(store|gateways|config|outbox)",
        pathNot: [GATEWAY_PORT, STORE_PORT, OUTBOX_PORT, "^src/gateways/json\\.ts$"],
      },
    ),
    rule(
      "outbox-knows-ports",
      "The outbox carries what was told: it sees the store's ports and payments, neither who told it nor who asks about it.",
      { path: "^src/outbox/" },
      { path: "^src/", pathNot: ["^src/(outbox|payments)/", "^src/project\\.ts$", STORE_PORT] },
    ),
    rule(
      "books-know-ports",
      "The books are written from what the store hands out; where to is for others to say.",
      { path: "^src/books/" },
      { path: "^src/", pathNot: ["^src/(books|payments)/", "^src/csv\\.ts$", STORE_PORT] },
    ),
    rule(
      "only-the-roots-open-the-store",
      "The store's implementation is chosen in one place.",
      { path: "^src/", pathNot: ["^src/store/", ROOTS] },
      { path: "^src/store/", pathNot: STORE_PORT },
    ),
    rule(
      "only-the-store-imports-the-database",
      "Prisma, its clients and the drivers stay inside src/store.",
      { path: "^(src|demo)/", pathNot: "^src/store/" },
      { path: ["^src/store/generated/", npm("@prisma/[^/]+", "prisma", "pg", "@libsql/[^/]+", "libsql")] },
    ),
    rule(
      "only-the-edge-imports-fastify",
      "HTTP ends at the edge.",
      { path: "^src/", pathNot: ["^src/http/", "^src/app\\.ts$"] },
      { path: npm("fastify", "@fastify/[^/]+") },
    ),
    rule(
      "only-outbound-imports-undici",
      "Two doors lead out: to vendors by an allow-list, to addresses that others wrote past a guard. Both have timeouts and size caps.",
      { path: "^src/", pathNot: ["^src/gateways/outbound\\.ts$", "^src/outbox/webhook/outbound\\.ts$"] },
      { path: npm("undici") },
    ),
    rule(
      "vendors-in-their-folders",
      "A vendor's SDK is used in the vendor's folder.",
      { path: "^src/", pathNot: "^src/gateways/(stripe|paypal)/" },
      { path: npm("stripe", "@paypal/[^/]+") },
    ),
    rule(
      "documents-know-ports",
      "Documents are worked out from what the store tells, by the domain's words: no HTTP, no pipeline, no vendor.",
      { path: "^src/documents/" },
      { path: "^src/", pathNot: ["^src/(documents|payments)/", STORE_PORT] },
    ),
    rule(
      "documents-are-a-port",
      "Who wants a document asks for it; how it is written is known to nobody else.",
      { path: "^src/", pathNot: ["^src/documents/", ROOTS] },
      { path: "^src/documents/", pathNot: "^src/documents/documents\\.ts$" },
    ),
    rule(
      "only-documents-write-pdfs",
      "PDFs and their fonts are one folder's matter.",
      { path: "^src/", pathNot: "^src/documents/" },
      { path: npm("pdfkit", "fontkit") },
    ),
    rule(
      "bench-sends-from-outside",
      "The load generator knows HTTP and what a gateway sends: nothing of Paybell, nor of who is measured.",
      { path: "^bench/load/" },
      { path: "^(src|bench)/", pathNot: "^bench/load/" },
    ),
    rule(
      "only-mail-imports-its-libraries",
      "One door to the mail server, one place where templates are read: both with their bounds.",
      { path: "^src/", pathNot: "^src/outbox/mail/(mailer|templates)\\.ts$" },
      { path: npm("nodemailer", "mustache") },
    ),
    rule(
      "only-the-metrics-import-prom-client",
      "Metric names are decided in one file.",
      { path: "^src/", pathNot: "^src/metrics\\.ts$" },
      { path: npm("prom-client") },
    ),
  ],
  options: {
    doNotFollow: { path: ["node_modules", "^src/store/generated/"] },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.json" },
    enhancedResolveOptions: { exportsFields: ["exports"], conditionNames: ["import", "node", "types", "default"] },
  },
};
