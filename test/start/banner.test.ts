import { expect, test } from "vitest";
import { banner } from "../../src/start/banner.ts";

const CONFIG = { publicUrl: "http://localhost:8080", admin: null, databaseUrl: "file:./data/paybell.db", notices: [] };

test.each([
  [8080, "./data", "npm run demo  "],
  [9090, "./data", "npm run demo -- http://127.0.0.1:9090  "],
  [8080, "/srv/paybell", "npm run demo -- http://127.0.0.1:8080 /srv/paybell  "],
])("the demo is offered with the words that find port %i and %s", (port, dataDir, command) => {
  const text = banner({
    ...{ version: "1.0.0", gateways: [], urls: {}, token: null, testAccounts: `${dataDir}/test-accounts.json` },
    config: { ...CONFIG, port, dataDir },
  });
  expect(text).toContain(`\n  ${command}`);
});

test("the API's first steps are offered with the token's place, and the stream of events is one of them", () => {
  const text = banner({
    ...{ version: "1.0.0", gateways: [], urls: {}, testAccounts: null },
    token: { made: null, path: "/srv/api-token" },
    config: { ...CONFIG, port: 8080, dataDir: "./data" },
  });
  const header = '-H "Authorization: Bearer $(cat /srv/api-token)"';
  expect(text).toContain(`  curl ${header} http://localhost:8080/v1/orders\n`);
  expect(text).toContain(`  curl -N ${header} "http://localhost:8080/v1/events/stream?after=beginning"  `);
});
