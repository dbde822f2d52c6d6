import { replay } from "../model/model.ts";
import { CANARY, type Story } from "../stories/story.ts";
import { type Finding, finding } from "./finding.ts";

/** A sample of orders through the API, as the merchant's systems see them. */
export async function checkApi(url: string, token: string, stories: readonly Story[]): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  for (const story of stories) {
    const { reference } = story.order;
    const answer = await fetch(`${url}/v1/orders/${reference}`, { headers: { authorization: `Bearer ${token}` } });
    // Proven: looked at member by member below, and a member that is missing differs from what is expected.
    const shown = (await answer.json()) as Readonly<Record<string, unknown>>;
    const { status, paid, refunded, lost, fulfillable } = replay(story.happenings, story.order).order;
    const wanted = { reference, status, paid, refunded, chargedBack: lost, fulfillable };
    for (const [name, value] of Object.entries(wanted)) {
      if (shown[name] === value) continue;
      findings.push(
        finding(
          "wrong",
          "I3",
          `${story.name} (${reference}): the API says ${name} ${shown[name]}, the reference ${value}`,
        ),
      );
    }
  }
  return [...findings, ...(await checkSecrets(url, token))];
}

/** I11, of what operators see; what processes print is read while they run. */
async function checkSecrets(url: string, token: string): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  for (const path of ["/metrics", "/health", "/health/ready"]) {
    const answer = await fetch(url + path, { headers: { authorization: `Bearer ${token}` } });
    const text = await answer.text();
    if (answer.status !== 200) findings.push(finding("wrong", "I9", `${path} answers ${answer.status} in peace`));
    if (text.includes(CANARY)) findings.push(finding("wrong", "I11", `${path} shows what nobody should see`));
  }
  return findings;
}
