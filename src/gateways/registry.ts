import type { AnyGateway, AuthenticNotification, Channel, Context, Gateway, Item, Parsed } from "./gateway.ts";
import { paypal } from "./paypal/index.ts";
import { paypalIpn } from "./paypal-ipn/index.ts";
import { stripe } from "./stripe/index.ts";

/** Closes over a gateway's own types: outside its folder nobody sees `Settings` or `Payload`. */
export function register<Settings, Payload>(gateway: Gateway<Settings, Payload>): AnyGateway {
  return {
    ...gateway,
    bind({ settings: given, account, mapping, now, outbound }): Channel {
      const settings = gateway.settings.parse(given);
      const origins = gateway.origins(settings, account.live);
      const context: Context<Settings> = { settings, account, now, outbound: outbound(origins) };
      const { proof, confirming } = gateway;
      return {
        gateway: gateway.id,
        provider: gateway.provider,
        account: account.id,
        live: account.live,
        headers: gateway.headers,
        verify: (raw) => gateway.verify(raw, context),
        prove: proof.by === "postback" ? (raw) => proof.ask(raw, context) : null,
        confirmation:
          confirming.kind === "by_api" && confirming.available(settings)
            ? { needed: (item) => confirming.needed(item), confirm: (item) => confirming.confirm(item, context) }
            : null,
        identify: (raw) => gateway.identify(raw),
        read: (notification) => readItems(gateway, notification, mapping),
        readAnswer: (answer) => {
          if (confirming.kind !== "by_api")
            return { kind: "unreadable", detail: "this gateway asks its provider nothing" };
          const read = confirming.readAnswer(answer, mapping);
          return read.kind === "parsed" ? { kind: "parsed", payload: [read.payload] } : read;
        },
        acknowledge: (stored) => gateway.acknowledge(stored),
      };
    },
  };
}

function readItems<Settings, Payload>(
  gateway: Gateway<Settings, Payload>,
  notification: AuthenticNotification,
  mapping: { readonly orderFields: readonly string[] },
): Parsed<readonly Item[]> {
  const parsed = gateway.parse(notification);
  if (parsed.kind === "unreadable") return parsed;
  return { kind: "parsed", payload: gateway.normalize(parsed.payload, mapping) };
}

/** Every gateway that Paybell serves: a folder each, and one line here. */
export const GATEWAYS: readonly AnyGateway[] = [register(stripe), register(paypal), register(paypalIpn)];
