import type { FastifyInstance } from "fastify";
import { resource } from "./methods.ts";

export interface MetricsText {
  readonly render: () => Promise<{ readonly contentType: string; readonly text: string }>;
}

export function metricsRoute(app: FastifyInstance, metrics: MetricsText): void {
  resource(app, "/metrics", {
    GET: async (_request, reply) => {
      const { contentType, text } = await metrics.render();
      return reply.type(contentType).send(text);
    },
  });
}
