import { createHash } from "node:crypto";

/** The page's one style and one script, within it: nothing else is ever loaded, and the policy names both by their hash. */

export const STYLE = `
:root{color-scheme:light dark;--ink:#1b1f24;--soft:#57606a;--line:#d8dee4;--paper:#fff;--ground:#f4f5f7;--link:#0b57d0;
--good:#116329;--good-bg:#e3f5e7;--wait:#7a4f00;--wait-bg:#fdf3d7;--bad:#a40e26;--bad-bg:#fdeaec;--calm:#24476f;--calm-bg:#e6f0fb}
@media (prefers-color-scheme:dark){:root{--ink:#e6e9ed;--soft:#a3adb8;--line:#343b44;--paper:#1a1e24;--ground:#101317;--link:#8ab4f8;
--good:#7ee29a;--good-bg:#12301c;--wait:#f2cc60;--wait-bg:#352a0d;--bad:#ff9aa5;--bad-bg:#3d161b;--calm:#9cc7f5;--calm-bg:#14283e}}
*{box-sizing:border-box}
body{margin:0;background:var(--ground);color:var(--ink);font:1rem/1.5 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif;
overflow-wrap:anywhere}
header,main,footer{max-width:36rem;margin:0 auto;padding:0 1.25rem}
header{padding-top:1.5rem;color:var(--soft);font-weight:600}
main{background:var(--paper);border:1px solid var(--line);border-radius:.75rem;padding:1.25rem;margin:.75rem auto}
@media (max-width:38rem){main{border-width:1px 0;border-radius:0}}
footer{padding-bottom:2rem;color:var(--soft);font-size:.875rem}
h1{font-size:1.25rem;line-height:1.3;margin:0 0 1rem}
p{margin:0}
.status{display:grid;grid-template-columns:auto 1fr;gap:.125rem .75rem;padding:1rem;border-radius:.5rem;border:1px solid currentColor}
.status strong{font-size:1.25rem;line-height:1.3}
.status p+p{grid-column:2;color:var(--ink)}
.status svg{width:1.625rem;height:1.625rem;grid-row:1;fill:none;stroke:currentColor;stroke-width:2;stroke-linecap:round;stroke-linejoin:round}
.good{color:var(--good);background:var(--good-bg)}
.wait{color:var(--wait);background:var(--wait-bg)}
.bad{color:var(--bad);background:var(--bad-bg)}
.calm{color:var(--calm);background:var(--calm-bg)}
table{width:100%;border-collapse:collapse;margin-top:1rem}
th{text-align:start;font-size:.875rem;font-weight:400;color:var(--soft)}
th,td{padding:.5rem 0;border-bottom:1px solid var(--line);vertical-align:top}
th+th,td+td{padding-inline-start:1rem}
.number{text-align:end;white-space:nowrap;font-variant-numeric:tabular-nums}
dl{margin:1rem 0 0;display:grid;grid-template-columns:1fr auto;gap:.25rem 1rem}
dd{margin:0;text-align:end;font-variant-numeric:tabular-nums}
dt.sum,dd.sum{font-weight:600}
dl.times{padding-top:1rem;border-top:1px solid var(--line);color:var(--soft);font-size:.875rem}
.goods{margin-top:1rem}
.goods h2{font-size:1rem;margin:0}
.goods h3{font-size:.875rem;font-weight:400;color:var(--soft);margin:.5rem 0 0}
.goods ul{list-style:none;margin:0;padding:0}
.goods li{padding:.25rem 0}
.goods small{color:var(--soft)}
.goods a{padding:.25rem 0;font-weight:600}
code{font:1rem ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;user-select:all}
.test{margin-top:1rem;padding:.5rem .75rem;border:1px dashed var(--soft);border-radius:.5rem;font-size:.875rem}
.back{margin-top:1.5rem}
a{color:var(--link);display:inline-block;padding:.625rem 0}
a:focus-visible{outline:2px solid var(--link);outline-offset:2px;border-radius:2px}
.followed .still,.still+.follows{display:none}
.followed .still+.follows{display:inline}
`;

/**
 * Follows the order, and puts what the server rendered into its place. A stream that ends is opened again by the browser; one
 * that was refused, by us, with pauses. A page that nobody has looked at for five minutes gives its stream back.
 */
export const SCRIPT = `
(() => {
  const get = (id) => document.getElementById(id);
  const status = get("status"), details = get("details");
  let version = document.body.dataset.version, pause = 5000, source = null, timer = 0;
  const showTimes = () => {
    const shape = { dateStyle: "medium", timeStyle: "short" };
    for (const time of document.querySelectorAll("time"))
      time.textContent = new Date(time.dateTime).toLocaleString(document.documentElement.lang, shape);
  };
  const show = (page) => {
    pause = 5000;
    if (page.version === version) return;
    version = page.version;
    document.title = page.title;
    status.innerHTML = page.status;
    details.innerHTML = page.details;
    showTimes();
  };
  const close = () => { if (source) source.close(); source = null; };
  const open = () => {
    clearTimeout(timer);
    if (source && source.readyState !== 2) return;
    source = new EventSource(location.pathname + "/events");
    source.onmessage = (message) => show(JSON.parse(message.data));
    source.onerror = () => {
      if (!source || source.readyState !== 2) return;
      clearTimeout(timer);
      timer = setTimeout(open, pause * (0.75 + Math.random() / 2));
      pause = Math.min(pause * 2, 60000);
    };
  };
  document.addEventListener("visibilitychange", () => {
    clearTimeout(timer);
    if (document.hidden) timer = setTimeout(close, 300000);
    else open();
  });
  document.documentElement.classList.add("followed");
  showTimes();
  open();
})();
`;

/** Nothing may be loaded, sent or framed; the script speaks to where the page came from. */
export const PAGE_POLICY = [
  "default-src 'none'",
  `style-src '${hashOf(STYLE)}'`,
  `script-src '${hashOf(SCRIPT)}'`,
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

function hashOf(text: string): string {
  return `sha256-${createHash("sha256").update(text, "utf8").digest("base64")}`;
}
