import fc from "fast-check";
import { expect, test } from "vitest";
import { attachment } from "../../../src/http/download/disposition.ts";

test.each([
  ["tea.pdf", `attachment; filename="tea.pdf"; filename*=UTF-8''tea.pdf`],
  ["Über Tee.pdf", `attachment; filename="_ber Tee.pdf"; filename*=UTF-8''%C3%9Cber%20Tee.pdf`],
  [
    'a"; filename="evil.exe',
    `attachment; filename="a_; filename=_evil.exe"; filename*=UTF-8''a%22%3B%20filename%3D%22evil.exe`,
  ],
  ["../../etc/passwd", `attachment; filename=".._.._etc_passwd"; filename*=UTF-8''.._.._etc_passwd`],
  ["it's (1)*", `attachment; filename="it's (1)*"; filename*=UTF-8''it%27s%20%281%29%2A`],
])("%j is saved as itself", (name, header) => {
  expect(attachment(name)).toBe(header);
});

test("no name ends the header, or adds to it", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 100 }), (name) => {
      expect(attachment(name)).toMatch(
        /^attachment; filename="[ !#-$&-.0-[\]-~]*"; filename\*=UTF-8''(?:[\w.!~-]|%[0-9A-F]{2})*$/,
      );
    }),
  );
});
