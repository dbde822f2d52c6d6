import { expect, test } from "vitest";
import { html } from "../../../src/http/page/html.ts";

const HOSTILE = `<script>alert("1")</script>'&amp;`;

test("every text is escaped, in a tag's content and in its attributes", () => {
  expect(html`<p title="${HOSTILE}">${HOSTILE}</p>`.text).toBe(
    '<p title="&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;&#39;&amp;amp;">' +
      "&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;&#39;&amp;amp;</p>",
  );
});

test("what the tag itself made is put in as it is, once or in a list; nothing is nothing", () => {
  const items = ["<a>", "b"].map((text) => html`<li>${text}</li>`);
  expect(html`<ul>${items}</ul>${null}${html`<hr>`}${7}`.text).toBe("<ul><li>&lt;a&gt;</li><li>b</li></ul><hr>7");
});
