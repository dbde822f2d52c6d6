import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { type ConfigAnswer, type Files, readConfig } from "../../src/config/config.ts";
import { environmentShape, SECRETS } from "../../src/config/settings.ts";

const SECRET = "whsec_8fK2mZq0Lr5Tn9Vx3Wb7";
const TOKEN = "3vYk1cQ8s7Jr2Lw9Zb5Nf0Hx";
const LIVE = { NODE_ENV: "production", API_TOKEN: TOKEN, STRIPE_WEBHOOK_SECRET: SECRET, ADMIN_PORT: "9090" };

function filesOf(files: Readonly<Record<string, { readonly text: string; readonly mode?: number }>> = {}): Files {
  return {
    read(path) {
      const file = files[path];
      if (!file) throw new Error(`ENOENT: ${path}`);
      return { text: file.text, mode: file.mode ?? 0o600 };
    },
  };
}

function problemsOf(answer: ConfigAnswer): readonly string[] {
  return answer.ok ? [] : answer.problems;
}

function configOf(variables: Record<string, string>, files: Files = filesOf()) {
  const answer = readConfig(variables, files);
  if (!answer.ok) throw new Error(answer.problems.join("\n"));
  return answer.config;
}

describe("without any configuration", () => {
  test("test mode listens on loopback alone, with SQLite in the data folder and no accounts", () => {
    expect(configOf({})).toMatchObject({
      production: false,
      host: "127.0.0.1",
      port: 8080,
      publicUrl: "http://localhost:8080",
      admin: null,
      databaseUrl: "file:./data/paybell.db",
      apiToken: null,
      accounts: [],
      shutdownTimeoutMs: 10_000,
      keepBodiesMs: null,
      effects: new Set(["customers", "downloads", "ledger", "licenses", "stock", "subscriptions"]),
      stockReturns: new Set(["canceled", "refunded"]),
    });
  });

  test("production says what is missing and does not start", () => {
    expect(problemsOf(readConfig({ NODE_ENV: "production", PORT: "http" }, filesOf()))).toEqual([
      "PORT is not a port number",
      "API_TOKEN is not set: production does not generate one",
      expect.stringContaining("no gateway is configured"),
    ]);
    expect(problemsOf(readConfig({ NODE_ENV: "production", API_TOKEN: TOKEN }, filesOf()))).toEqual([
      expect.stringContaining("no gateway is configured"),
    ]);
  });
});

describe("mail", () => {
  const MAIL = { SMTP_URL: "smtp://shop:p%40ss@mail.example.com", MAIL_FROM: "Ann's Tea <shop@example.com>" };

  test("goes nowhere unless it is configured, and then all that there is goes to both", () => {
    expect(configOf({}).mail).toMatchObject({
      smtp: null,
      from: null,
      merchant: null,
      language: "en",
      templates: null,
    });
    expect(configOf({ ...MAIL, MAIL_MERCHANT: "owner@example.com" }).mail).toEqual({
      smtp: {
        host: "mail.example.com",
        port: 587,
        tls: "required",
        credentials: { user: "shop", password: "p@ss" },
      },
      from: { name: "Ann's Tea", address: "shop@example.com" },
      merchant: "owner@example.com",
      language: "en",
      templates: null,
      buyerEvents: [
        "order.paid",
        "order.goods_ready",
        "payment.pending",
        "payment.failed",
        "payment.refunded",
        "subscription.renewed",
        "subscription.payment_failed",
        "subscription.ended",
      ],
      merchantEvents: [
        ...["payment.disputed", "order.held", "license.exhausted", "notification.quarantined", "endpoint.disabled"],
      ],
    });
  });

  test("may be less, or off", () => {
    const chosen = { ...MAIL, MAIL_BUYER_EVENTS: "order.paid, payment.refunded", MAIL_MERCHANT_EVENTS: "off" };
    const { buyerEvents, merchantEvents } = configOf(chosen).mail;
    expect([buyerEvents, merchantEvents]).toEqual([["order.paid", "payment.refunded"], []]);
  });

  test("the server's address with its password may come from a file", () => {
    const files = filesOf({ "/run/secrets/smtp": { text: "smtps://shop:secret@mail.example.com\n" } });
    const { smtp } = configOf({ SMTP_URL_FILE: "/run/secrets/smtp", MAIL_FROM: "shop@example.com" }, files).mail;
    expect(smtp).toMatchObject({ host: "mail.example.com", port: 465, tls: "from_the_start" });
  });

  test.each([
    [{ SMTP_URL: "http://mail.example.com" }, "SMTP_URL is neither"],
    [{ SMTP_URL: "smtp://mail.example.com" }, "MAIL_FROM is not set"],
    [{ ...MAIL, MAIL_FROM: "shop" }, "MAIL_FROM is neither"],
    [{ ...MAIL, MAIL_MERCHANT: "a@example.com,b@example.com" }, "MAIL_MERCHANT is not an e-mail address"],
    [{ ...MAIL, MAIL_LANGUAGE: "../de" }, "MAIL_LANGUAGE is not a language"],
    [{ ...MAIL, MAIL_BUYER_EVENTS: "order.payed" }, "MAIL_BUYER_EVENTS names an event of which there is no mail"],
    [{ ...MAIL, MAIL_MERCHANT_EVENTS: "order.paid" }, "MAIL_MERCHANT_EVENTS names an event"],
  ])("%j is refused without a word of it", (variables, problem) => {
    const problems = problemsOf(readConfig(variables, filesOf()));
    expect(problems).toContainEqual(expect.stringContaining(problem));
    expect(problems.join()).not.toMatch(/p%40ss|p@ss/);
  });

  test("what is set to no effect is told", () => {
    expect(configOf({ MAIL_MERCHANT: "owner@example.com" }).notices).toEqual([
      expect.objectContaining({ message: "no mail goes out: SMTP_URL is not set" }),
    ]);
    expect(configOf({ ...MAIL, MAIL_FORM: "x" }).notices.map(({ message }) => message)).toEqual([
      "MAIL_FORM is set, and is not a setting of Paybell",
      "disputes and held payments are mailed to nobody: MAIL_MERCHANT is not set",
    ]);
  });
});

describe("problems", () => {
  test("what is set and wrong is not called missing as well", () => {
    const variables = { NODE_ENV: "production", API_TOKEN: "short", STRIPE_WEBHOOK_SECRET: "a,,b" };
    expect(problemsOf(readConfig(variables, filesOf()))).toEqual([
      "API_TOKEN is not 20 to 200 visible ASCII characters",
      "STRIPE_WEBHOOK_SECRET has an empty entry",
    ]);
  });

  test("a NODE_ENV that only looks like production does not serve test accounts", () => {
    for (const mode of ["prod", "Production", "live"])
      expect(problemsOf(readConfig({ NODE_ENV: mode }, filesOf()))).toEqual([
        "NODE_ENV is neither production, development nor test",
      ]);
    for (const mode of ["", "development", "test"]) expect(readConfig({ NODE_ENV: mode }, filesOf()).ok).toBe(true);
  });

  test("every one is said at once, and no value is shown", () => {
    const variables = {
      NODE_ENV: "production",
      PORT: "eighty-eighty",
      DATABASE_URL: "mysql://root:hunter2@db/shop",
      STRIPE_WEBHOOK_SECRET: "whsec_test,",
      STRIPE_MODE: "lively",
      PAYPAL_CLIENT_ID: "AeA1QIZXiflr1",
      PAYPAL_WEBHOOK_ID: "WEBHOOK_ID",
      LOG_LEVEL: "loud",
      TRUST_PROXY: "0.0.0.0/0",
      API_TOKEN_FILE: "/nowhere/token",
      NODE_TLS_REJECT_UNAUTHORIZED: "0",
      SHUTDOWN_TIMEOUT_SECONDS: "0",
      KEEP_BODIES_DAYS: "6",
      STOCK_RETURNS: "canceled,lost",
      DOWNLOAD_DAYS: "0",
      DOWNLOAD_LIMIT: "many",
    };
    const problems = problemsOf(readConfig(variables, filesOf()));
    for (const name of [
      "PORT",
      "DATABASE_URL",
      "STRIPE_WEBHOOK_SECRET",
      "STRIPE_MODE",
      "PAYPAL_CLIENT_ID",
      "PAYPAL_WEBHOOK_ID",
    ]) {
      expect(problems.some((problem) => problem.startsWith(name))).toBe(true);
    }
    for (const name of [
      "LOG_LEVEL",
      "TRUST_PROXY",
      "API_TOKEN_FILE",
      "NODE_TLS_REJECT_UNAUTHORIZED",
      "SHUTDOWN_TIMEOUT_SECONDS",
      "KEEP_BODIES_DAYS",
      "STOCK_RETURNS",
      "DOWNLOAD_DAYS",
      "DOWNLOAD_LIMIT",
    ]) {
      expect(problems.some((problem) => problem.startsWith(name))).toBe(true);
    }
    for (const value of ["eighty-eighty", "hunter2", "whsec_test", "lively", "AeA1QIZXiflr1", "/nowhere/token"]) {
      expect(problems.join("\n")).not.toContain(value);
    }
  });

  test.each([
    ["a sample", "whsec_xxxxxxxxxxxxxxxxxxxx"],
    ["a placeholder", "whsec_your_secret_here_please"],
    ["a generated one", "whsec_paybell_generated_8fK2mZq0Lr5Tn9Vx3Wb7"],
    ["a short one", "whsec_8fK2m"],
    ["one of several that is empty", `${SECRET},,`],
  ])("production refuses %s as a secret", (_what, secret) => {
    expect(problemsOf(readConfig({ ...LIVE, STRIPE_WEBHOOK_SECRET: secret }, filesOf())).join()).toContain(
      "STRIPE_WEBHOOK_SECRET",
    );
  });

  test("a blank secret is none", () => {
    expect(problemsOf(readConfig({ ...LIVE, STRIPE_WEBHOOK_SECRET: "  " }, filesOf()))).toEqual([
      expect.stringContaining("no gateway is configured"),
    ]);
  });

  test.each([
    [
      "a live key with test mode",
      { ...LIVE, STRIPE_SECRET_KEY: "sk_live_51Habc9", STRIPE_MODE: "test" },
      "STRIPE_SECRET_KEY is a live key",
    ],
    ["a test key with live mode", { ...LIVE, STRIPE_SECRET_KEY: "rk_test_51Habc9" }, "STRIPE_SECRET_KEY is a test key"],
    [
      "a live key outside production",
      { STRIPE_WEBHOOK_SECRET: SECRET, STRIPE_SECRET_KEY: "sk_live_51Habc9" },
      "STRIPE_SECRET_KEY is a live key",
    ],
    ["live mode outside production", { PAYPAL_WEBHOOK_ID: "8PT59765", PAYPAL_MODE: "live" }, "PAYPAL_MODE is live"],
    ["a foreign API with live money", { ...LIVE, STRIPE_API_URL: "https://stripe.example.com" }, "STRIPE_API_URL"],
    [
      "foreign certificate hosts with live money",
      { ...LIVE, PAYPAL_WEBHOOK_ID: "8PT59765", PAYPAL_CERT_HOSTS: "evil.example" },
      "PAYPAL_CERT_HOSTS",
    ],
    [
      "plain http to another machine",
      { PAYPAL_RECEIVER: "a@b.example", PAYPAL_IPN_URL: "http://10.0.0.9/verify" },
      "PAYPAL_IPN_URL",
    ],
    ["one port for two surfaces", { ...LIVE, PORT: "9090" }, "ADMIN_PORT and PORT are the same"],
    [
      "a secret given twice",
      { ...LIVE, STRIPE_WEBHOOK_SECRET_FILE: "/s" },
      "STRIPE_WEBHOOK_SECRET and STRIPE_WEBHOOK_SECRET_FILE",
    ],
  ])("%s is refused", (_what, variables, problem) => {
    expect(problemsOf(readConfig(variables, filesOf({ "/s": { text: SECRET } }))).join("\n")).toContain(problem);
  });
});

describe("secret files", () => {
  test("a secret is read from the file that NAME_FILE names, without its line's end", () => {
    const { STRIPE_WEBHOOK_SECRET: _, ...rest } = LIVE;
    const files = filesOf({ "/keys/stripe": { text: `${SECRET}\n` } });
    const config = configOf({ ...rest, STRIPE_WEBHOOK_SECRET_FILE: "/keys/stripe" }, files);
    expect(config.accounts[0]?.settings.stripe).toMatchObject({ webhookSecrets: [SECRET] });
  });

  test("production refuses one that everybody on the machine can read, but not Docker's own mount", () => {
    const read = (path: string) => {
      const { STRIPE_WEBHOOK_SECRET: _, ...rest } = LIVE;
      return problemsOf(
        readConfig({ ...rest, STRIPE_WEBHOOK_SECRET_FILE: path }, filesOf({ [path]: { text: SECRET, mode: 0o644 } })),
      );
    };
    expect(read("/keys/stripe").join()).toContain("everybody on this machine can read the file");
    expect(read("/run/secrets/stripe")).toEqual([]);
  });
});

describe("accounts", () => {
  test("PayPal's two gateways share one account and its receivers, in lower case", () => {
    const config = configOf({ PAYPAL_WEBHOOK_ID: "8PT59765", PAYPAL_RECEIVER: "Shop@Example.com, XYZ1" });
    expect(config.accounts).toEqual([
      expect.objectContaining({
        id: "default",
        provider: "paypal",
        live: false,
        receivers: ["shop@example.com", "xyz1"],
        settings: {
          paypal: expect.objectContaining({
            webhookId: "8PT59765",
            apiUrl: "https://api-m.sandbox.paypal.com",
            clientId: null,
          }),
          "paypal-ipn": { postbackUrl: "https://ipnpb.sandbox.paypal.com/cgi-bin/webscr" },
        },
      }),
    ]);
    expect(config.notices.map((notice) => notice.message).join()).toContain("not confirmed with PayPal's API");
  });

  test("classic IPN without a receiver is not served, and that is said", () => {
    const config = configOf({ PAYPAL_WEBHOOK_ID: "8PT59765" });
    expect(Object.keys(config.accounts[0]?.settings ?? {})).toEqual(["paypal"]);
    expect(config.notices).toContainEqual(
      expect.objectContaining({ gateway: "paypal-ipn", message: expect.stringContaining("not served") }),
    );
  });

  test("modes are live in production and test elsewhere, unless they are named", () => {
    expect(configOf(LIVE).accounts[0]?.live).toBe(true);
    expect(configOf({ ...LIVE, STRIPE_MODE: "test" }).accounts[0]?.live).toBe(false);
    expect(configOf({ STRIPE_WEBHOOK_SECRET: SECRET }).accounts[0]?.live).toBe(false);
  });

  test("ACCOUNTS_FILE brings further accounts, and what the environment's own ignores", () => {
    const file = {
      accounts: [
        { id: "default", ignore: { stripe: ["invoice.*"] }, STRIPE_MODE: "live" },
        {
          id: "eu",
          STRIPE_WEBHOOK_SECRET_FILE: "/keys/eu",
          STRIPE_MODE: "test",
          merchants: ["acct_1"],
          ORDERS: "required",
        },
      ],
    };
    const files = filesOf({
      "/accounts.json": { text: JSON.stringify(file) },
      "/keys/eu": { text: "whsec_Zb5Nf0Hx3vYk1cQ8s7Jr" },
    });
    const { accounts } = configOf({ ...LIVE, ACCOUNTS_FILE: "/accounts.json" }, files);
    expect(accounts).toMatchObject([
      {
        id: "default",
        live: true,
        ignore: { stripe: ["invoice.*"] },
        settings: { stripe: { webhookSecrets: [SECRET] } },
      },
      {
        id: "eu",
        live: false,
        merchants: ["acct_1"],
        orders: "required",
        settings: { stripe: { webhookSecrets: ["whsec_Zb5Nf0Hx3vYk1cQ8s7Jr"] } },
      },
    ]);
  });

  test("what is wrong in ACCOUNTS_FILE is said by its place, all of it, and no value is shown", () => {
    const file = {
      accounts: [{ id: "EU!", STRIPE_MODE: "hunter2", STRIPE_WEBHOK_SECRET: "s3cret" }, { id: "x" }, { id: "x" }],
    };
    const read = (text: string) =>
      problemsOf(readConfig({ ...LIVE, ACCOUNTS_FILE: "/a" }, filesOf({ "/a": { text } }))).join("\n");
    const problems = read(JSON.stringify(file));
    for (const part of ["accounts.0.id", "accounts.0.STRIPE_MODE", "STRIPE_WEBHOK_SECRET"])
      expect(problems).toContain(part);
    expect(problems).not.toMatch(/hunter2|s3cret/);
    expect(read("{")).toContain("not JSON");
    expect(read(JSON.stringify({ accounts: [{ id: "x" }, { id: "x" }] }))).toContain("account x comes twice");
  });
});

describe("who sells", () => {
  test("is nobody until it is configured, and documents are in English with the days of UTC", () => {
    expect(configOf({}).documents).toEqual({
      seller: { name: null, address: [], taxId: null, email: null, website: null },
      ...{ language: "en", timeZone: "UTC", note: [], font: null },
    });
  });

  test("has an address of several lines, parted by a bar", () => {
    const { documents } = configOf({
      SELLER_ADDRESS: "1 Tea Street | London E1 6AN",
      DOCUMENT_TIME_ZONE: "Europe/Berlin",
    });
    expect(documents).toMatchObject({
      seller: { address: ["1 Tea Street", "London E1 6AN"] },
      timeZone: "Europe/Berlin",
    });
  });

  test.each([
    ["SELLER_ADDRESS", "1 Tea Street||London"],
    ["SELLER_NAME", "n".repeat(201)],
    ["DOCUMENT_LANGUAGE", "tlh"],
    ["DOCUMENT_TIME_ZONE", "Mars/Olympus"],
    ["DOCUMENT_NOTE", Array(13).fill("a").join("|")],
  ])("is refused where %s breaks its rule", (name, value) => {
    const problems = problemsOf(readConfig({ [name]: value }, filesOf()));
    expect(problems).toEqual([expect.stringMatching(`^${name}`)]);
    expect(problems.join()).not.toContain(value);
  });
});

test("a misspelt name of ours is noticed", () => {
  const { notices } = configOf({ STRIPE_WEBHOOK_SECRET: SECRET, STRIPE_WEBHOOK_SECRETS: "x" });
  expect(notices).toContainEqual(
    expect.objectContaining({ message: "STRIPE_WEBHOOK_SECRETS is set, and is not a setting of Paybell" }),
  );
});

test(".env.example lists exactly the settings that exist", () => {
  const listed = [
    ...readFileSync(new URL("../../.env.example", import.meta.url), "utf8").matchAll(/^([A-Z_]+)=(.*)$/gm),
  ];
  const known = ["NODE_ENV", ...Object.keys(environmentShape), ...SECRETS.map((name) => `${name}_FILE`)];
  expect(listed.map(([, name]) => name).sort()).toEqual(known.sort());
  // Blank: a value in the example would be a sample secret in somebody's production.
  expect(listed.every(([, , value]) => value === "")).toBe(true);
});
