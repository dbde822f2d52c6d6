import type { AccountConfig } from "./gateways/account.ts";
import type { AnyGateway, Channel } from "./gateways/gateway.ts";
import { type ClosableOutbound, createOutbound } from "./gateways/outbound.ts";

/** Each gateway for each account that has settings for it. */

export interface Channels {
  /** `<gateway>/<account>` → channel. */
  readonly byName: ReadonlyMap<string, Channel>;
  readonly problems: readonly string[];
  close(): Promise<void>;
}

export interface ChannelParts {
  readonly gateways: readonly AnyGateway[];
  readonly accounts: readonly AccountConfig[];
  readonly version: string;
  /** Loopback over http: for stand-ins in test mode. A live account never gets it. */
  readonly loopbackHttp: boolean;
  readonly now: () => Date;
}

export function openChannels(parts: ChannelParts): Channels {
  const byName = new Map<string, Channel>();
  const problems: string[] = [];
  const outbounds: ClosableOutbound[] = [];
  for (const account of parts.accounts) {
    for (const [id, given] of Object.entries(account.settings)) {
      const gateway = parts.gateways.find((one) => one.id === id && one.provider === account.provider);
      if (!gateway) continue;
      const parsed = gateway.settings.safeParse(given);
      if (parsed.success) byName.set(`${id}/${account.id}`, bind(gateway, account, given, parts, outbounds));
      else
        problems.push(
          ...parsed.error.issues.map(
            (issue) => `account ${account.id}, ${id}: ${issue.path.join(".")} ${issue.message}`,
          ),
        );
    }
  }
  return {
    byName,
    problems,
    close: async () => {
      await Promise.all(outbounds.map((outbound) => outbound.close()));
    },
  };
}

function bind(
  gateway: AnyGateway,
  account: AccountConfig,
  settings: unknown,
  parts: ChannelParts,
  outbounds: ClosableOutbound[],
): Channel {
  return gateway.bind({
    settings,
    account: { id: account.id, live: account.live, receivers: account.receivers },
    mapping: { orderFields: account.orderFields[gateway.id] ?? gateway.orderFields },
    now: parts.now,
    outbound: (origins) => {
      const outbound = createOutbound(origins, {
        version: parts.version,
        loopbackHttp: parts.loopbackHttp && !account.live,
      });
      outbounds.push(outbound);
      return outbound;
    },
  });
}
